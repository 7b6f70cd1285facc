# nbgrader for a course in this workbook's Rust kernel: copy it to the course folder.
#
# nbgrader finds the kernel where JUPYTER_PATH names its folder:
#
#   export JUPYTER_PATH=/path/to/lambda-workbook/.venv/share/jupyter
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "lambda"

# What replaces the lines between `// BEGIN SOLUTION` and `// END SOLUTION`: it must
# compile, so that the cells after it do. nbgrader knows no stub for Rust.
c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\ntodo!()"}

# Seconds for one cell. nbgrader's own 30 are short for a cell that makes data.
c.Execute.timeout = 120
