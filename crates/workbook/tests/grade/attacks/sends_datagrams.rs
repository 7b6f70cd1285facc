// Calls home without a connection.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0");
    panic!("{socket:?}")
}
