"""Jupyter's own conformance suite for kernels, with every sample filled in for ours."""

import json
import sys
import time
import unittest

from jupyter_kernel_test import IopubWelcomeTests, KernelTests

KERNEL = "lambda-workbook"
# Seconds. The first Tab starts the completer, which reads the support crate's sources;
# until it has done so, completions are empty.
COMPLETER_PATIENCE = 120


class Kernel(KernelTests):
    kernel_name = KERNEL
    language_name = "rust"
    file_extension = ".rs"

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oh no");'

    completion_samples = [
        {"text": "let later: TimeDel", "matches": {"TimeDelta"}},
        {"text": "batch::distin", "matches": {"distinct"}},
        {"text": "Granularity::Ho", "matches": {"Hour"}},
        # Characters of more than one byte and of more than one UTF-16 unit.
        {"text": 'let é = "𝔛"; Granularity::Ho', "matches": {"Hour"}},
    ]

    complete_code_samples = [
        "1 + 1",
        "let a = 1;",
        'println!("{");',
        "fn f() -> u8 {\n    1\n}",
        "// only a comment",
        'df!("a" => [1])?.column("a")?',
        "struct Unit;",
        "'a'",
        "",
    ]
    incomplete_code_samples = [
        "fn f() {",
        "let a = vec![1,",
        'println!("',
        "/* never closed",
        "let a =",
        "df.clone().lazy()\n    .group_by([",
        'r#"raw',
        "1 +",
    ]
    invalid_code_samples = [
        "}",
        "fn f() { ) }",
        "let let = 1;",
        "let a = 1);",
    ]

    code_generate_error = 'panic!("as asked");'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"some text"', "result": '"some text"'},
        {"code": "let seven = 7; seven", "result": "7"},
        {"code": 'df!("a" => [1, 2, 3])?', "mime": "text/html"},
        {"code": "Some(7u8)", "result": "Some(7)"},
    ]
    code_display_data = [
        {"code": 'display(&df!("a" => [1, 2, 3])?);', "mime": "text/html"},
        {"code": 'display(&df!("a" => [1, 2, 3])?);', "mime": "text/plain"},
        {
            "code": 'display(&plot::flow("a").stage("b", ["c"]).figure());',
            "mime": "image/svg+xml",
        },
    ]
    code_clear_output = 'println!("gone"); clear_output(false);'
    code_inspect_sample = "Granularity"

    # A glob over whole cells; of the codes above it matches the first alone.
    code_history_pattern = "6 ? 7*"
    supported_history_operations = ("tail", "range", "search")

    def test_completion(self):
        """The suite asks once; a reader to whom Tab shows nothing presses it again."""
        deadline = time.monotonic() + COMPLETER_PATIENCE
        while not all(map(self.completes, self.completion_samples)):
            self.assertLess(time.monotonic(), deadline, "no completions")
        super().test_completion()

    def completes(self, sample):
        self.kc.complete(sample["text"])
        reply = self.get_non_kernel_info_reply(timeout=COMPLETER_PATIENCE)
        return set(reply["content"]["matches"]) == sample["matches"]


class Welcome(IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True


def main():
    """Runs all, and prints what became of each as one line of JSON."""
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(map(loader.loadTestsFromTestCase, (Kernel, Welcome)))
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    theirs = [loader.getTestCaseNames(case) for case in (KernelTests, IopubWelcomeTests)]
    found = {
        "there": sum(map(len, theirs)),
        "run": result.testsRun,
        "skipped": {test.id().rsplit(".", 1)[-1]: why for test, why in result.skipped},
        "failed": [test.id() for test, _ in result.failures + result.errors],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
