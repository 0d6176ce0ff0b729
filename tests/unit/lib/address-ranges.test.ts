import { describe, expect, test } from '@jest/globals';
import { isForbiddenLiteral, isLinkLocal, isPrivate } from '../../../src/lib/address-ranges.ts';

describe('addresses', () => {
  test.each([
    // What a cloud gives its machines credentials from.
    ['169.254.169.254', true, true],
    ['169.254.0.0', true, true],
    ['169.254.255.255', true, true],
    ['100.100.100.200', true, true],
    ['168.63.129.16', true, true],
    ['192.0.0.192', true, true],
    ['fe80::1', true, true],
    ['fe80::1%eth0', true, true],
    ['febf:ffff::1', true, true],
    ['fd00:ec2::254', true, true],
    ['fd20:ce::254', true, true],
    ['fd00:c1::a9fe:a9fe', true, true],
    ['fd00:42::42', true, true],
    // The same inside IPv6: mapped, compatible, translated, NAT64, 6to4.
    ['::ffff:169.254.169.254', true, true],
    ['::ffff:a9fe:a9fe', true, true],
    ['::a9fe:a9fe', true, true],
    ['::ffff:0:169.254.169.254', true, true],
    ['64:ff9b::a9fe:a9fe', true, true],
    ['2002:a9fe:a9fe::1', true, true],
    ['::ffff:100.100.100.200', true, true],
    // Unspecified, loopback, private, shared, multicast, reserved.
    ['0.0.0.0', false, true],
    ['0.1.2.3', false, true],
    ['::', false, true],
    ['127.0.0.1', false, true],
    ['127.255.255.254', false, true],
    ['::1', false, true],
    ['::ffff:127.0.0.1', false, true],
    ['64:ff9b::127.0.0.1', false, true],
    ['10.0.0.1', false, true],
    ['10.255.255.255', false, true],
    ['172.16.0.1', false, true],
    ['172.31.255.255', false, true],
    ['192.168.0.1', false, true],
    ['::ffff:192.168.0.1', false, true],
    ['100.64.0.1', false, true],
    ['100.127.255.255', false, true],
    ['224.0.0.1', false, true],
    ['255.255.255.255', false, true],
    ['fc00::1', false, true],
    ['fdff:ffff::1', false, true],
    ['fec0::1', false, true],
    ['ff02::1', false, true],
    ['64:ff9b:1::1', false, true],
    ['2002:808:808::1', false, true],
    // The neighbours of all these.
    ['1.0.0.0', false, false],
    ['8.8.8.8', false, false],
    ['9.255.255.255', false, false],
    ['11.0.0.0', false, false],
    ['100.63.255.255', false, false],
    ['100.128.0.0', false, false],
    ['126.255.255.255', false, false],
    ['128.0.0.0', false, false],
    ['169.253.255.255', false, false],
    ['169.255.0.0', false, false],
    ['172.15.255.255', false, false],
    ['172.32.0.0', false, false],
    ['192.167.255.255', false, false],
    ['192.169.0.0', false, false],
    ['223.255.255.255', false, false],
    ['::ffff:8.8.8.8', false, false],
    ['64:ff9b::8.8.8.8', false, false],
    ['2606:4700::1111', false, false],
    ['2a00:1450:4001:80b::200a', false, false],
  ])('%s: link-local or metadata %s, private %s', (address, linkLocal, notPublic) => {
    expect([isLinkLocal(address), isPrivate(address)]).toEqual([linkLocal, notPublic]);
  });
});

describe('the host of a base URL', () => {
  test.each([
    ['169.254.169.254'],
    ['169.254.169.254.'],
    ['2852039166'],
    ['0xa9fea9fe'],
    ['0251.0376.0251.0376'],
    ['0xa9.254.43518'],
    ['169.254.43518'],
    ['１６９.254.169.254'],
    ['①⑥⑨。254.169.254'],
    ['100.100.100.200'],
    ['fe80::1'],
    ['fe80::1%eth0'],
    ['[fe80::1]'],
    ['[FE80:0:0::1]'],
    ['[::ffff:169.254.169.254]'],
    ['[::ffff:a9fe:a9fe]'],
    ['[64:ff9b::a9fe:a9fe]'],
    ['[fd00:ec2::254]'],
  ])('%s is forbidden, also as a URL spells it', (hostname) => {
    expect(isForbiddenLiteral(hostname)).toBe(true);
    const spelt = `http://${hostname}/v1`;
    if (URL.canParse(spelt)) expect(isForbiddenLiteral(new URL(spelt).hostname)).toBe(true);
  });

  test.each([
    ['127.0.0.1'],
    ['2130706433'],
    ['localhost'],
    ['10.1.2.3'],
    ['192.168.1.10'],
    ['172.20.0.5'],
    ['[::1]'],
    ['::1'],
    ['[fd12:3456::1]'],
    ['8.8.8.8'],
    ['api.openai.com'],
    ['169.254.169.254.example.com'],
    ['metadata.google.internal'],
    ['not a host'],
    [''],
  ])('%s is an operator’s to name', (hostname) => {
    expect(isForbiddenLiteral(hostname)).toBe(false);
  });
});
