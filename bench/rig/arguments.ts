/** Reads `name=value` from the command line of a rig program; without a fallback the argument is required. */
export function argument(name: string, fallback?: string): string {
  const found = process.argv.find((word) => word.startsWith(`${name}=`));
  const value = found?.slice(name.length + 1) ?? fallback;
  if (value === undefined) throw new Error(`missing ${name}=`);
  return value;
}
