//! Front ends that are not ours, unchanged, on our kernel: Jupyter's conformance suite,
//! nbgrader, nbconvert, nbclient, and JupyterLab itself in a browser.
mod chromium;
mod conformance;
mod in_browser;
mod jupyterlab;
mod nbgrader;
mod notebooks;
mod parts;
#[allow(dead_code)] // each test program needs its own part of it
#[path = "../../../launcher/tests/project.rs"]
mod project;
#[allow(dead_code)]
#[path = "../../../launcher/tests/server.rs"]
mod server;
mod waiting;
mod widgets_in_browser;
