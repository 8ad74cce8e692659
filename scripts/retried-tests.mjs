/* A vitest reporter: which tests passed only when they were tried again, so that none hides behind `retry`. */
export default class RetriedTests {
  #retried = [];

  onTestCaseResult(testCase) {
    const { retryCount, flaky } = testCase.diagnostic() ?? {};
    if (flaky) this.#retried.push({ testCase, retryCount });
  }

  onTestRunEnd() {
    if (this.#retried.length === 0) return;
    console.log(`Passed only when tried again (${this.#retried.length}); twice in a row is worth an issue:`);
    for (const { testCase, retryCount } of this.#retried) {
      const [error] = testCase.result().errors ?? [];
      console.log(`  ${testCase.module.relativeModuleId} > ${testCase.fullName}, ${retryCount} more`);
      if (error) console.log(`    ${error.message?.split('\n')[0]}`);
    }
  }
}
