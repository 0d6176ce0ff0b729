// Prints the run's totals as its last line, in the one form that any log reader can count.
export default class TotalsReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const text = `${results.numPassedTests} passed, ${failed} failed\n`;
    // The summary of the default reporter is written on the next tick; ours must come after it.
    process.on('exit', () => process.stdout.write(text));
  }
}
