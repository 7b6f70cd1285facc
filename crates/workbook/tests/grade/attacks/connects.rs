// Calls home.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let connection = std::net::TcpStream::connect("127.0.0.1:1");
    panic!("{connection:?}")
}
