// Talks to other programs of this machine.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let socket = std::os::unix::net::UnixStream::connect("/run/dbus/system_bus_socket");
    panic!("{socket:?}")
}
