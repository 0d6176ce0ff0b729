/** Clients choose names that end up here: none of them may steer a terminal or forge a line. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\u{fffd}');

/** What a command says on standard output. */
export function print(lines = ''): void {
  process.stdout.write(`${lines.split('\n').map(printable).join('\n')}\n`);
}

/** Columns aligned under their headings; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => (row[column] ?? '').length)),
  );
  const isNumeric = (column: number) => rows.every((row) => /^[\d.,$-]*$/.test(row[column] ?? ''));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return rows.length > 0 && isNumeric(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(headings), rule, ...shown.map(line)].join('\n');
}
