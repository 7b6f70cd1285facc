// Wants to run in the compiler.
// scanned: forbidden
// unscanned: compile|forbidden
extern crate proc_macro;
#[proc_macro]
pub fn run(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    input
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(DataFrame::empty())
}
