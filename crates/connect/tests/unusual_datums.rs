//! Datums of which many are unusual, and many are wrong, to try engines with.
use lambda_workbook::polars::prelude::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Beginnings of days on which clocks change in some zones, and others.
const DAYS: [i64; 5] = [1_425_801_600, 1_446_336_000, 1_438_560_000, 0, -86_400];

fn seconds() -> impl Strategy<Value = String> {
    prop_oneof![
        40 => (select(&DAYS[..]), -9_000..90_000i64).prop_map(|(day, secs)| (day + secs).to_string()),
        1 => select(&[
            "-62135596800", "-62135596801", "253402300799", "253402300800", "1438913491000", "\"5\"",
            "1.5", "null", "-0", "01", "12345678901234567890",
        ][..]).prop_map(str::to_owned),
    ]
}

/// A URL without quotation marks, of which some are no URLs.
pub fn url() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        8 => select(&["http://", "https://", "HTTP://", ""][..]),
        1 => select(&["//", "ftp://", "http:/", "http:", "user@"][..]),
    ];
    let long = "x".repeat(64);
    let host = prop_oneof![
        8 => select(&["foo.com", "Foo.COM", "bar.com", "a_b.example"][..]).prop_map(str::to_owned),
        1 => select(&["é.com", "[::1]", "[::1", "foo..com", "foo.com.", "my%20site.com", "", "http", "ΑΣ.com"][..])
            .prop_map(str::to_owned),
        1 => Just(format!("{long}.com")),
        1 => Just(format!("{}.com", &long[1..])),
        1 => Just(format!("{}com", "abcdefg.".repeat(32))),
        1 => "[a-zA-Z0-9._:@-]{0,9}",
    ];
    let port = prop_oneof![
        8 => select(&["", ":80"][..]),
        1 => select(&[":65535", ":65536", ":99999", ":", ":x", ":007"][..]),
    ];
    let path = prop_oneof![
        8 => select(&["", "/", "/a", "/A/b?x=1#y"][..]).prop_map(str::to_owned),
        1 => select(&["/a b", "?q", "#f", "/é", "/a%20b", "/\u{2028}", "/a//b", "/~x;y='z'", "/\u{fffd}"][..])
            .prop_map(str::to_owned),
        1 => "[!#-\\[\\]-~]{0,6}",
    ];
    (scheme, host, port, path)
        .prop_map(|(scheme, host, port, path)| format!("{scheme}{host}{port}{path}"))
}

fn person() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (0..40i64).prop_map(|user| format!("{{\"user_id\":{user}}}")),
        1 => select(&[
            "-1", "9223372036854775807", "-9223372036854775808", "999999999999999999",
            "1000000000000000000", "9223372036854775808", "1.0", "\"1\"", "null",
        ][..]).prop_map(|user| format!("{{\"user_id\":{user}}}")),
        8 => select(&["ABCDE", "FGHIJ", "", "é", "u1", "\u{1f600}", "x\u{fffd}y", "a\\\"b", "\\u0041", "a\\\\b", "a\\/b"][..])
            .prop_map(|cookie| format!("{{\"cookie\":\"{cookie}\"}}")),
        1 => select(&[
            "{}", "{\"user_id\":1,\"cookie\":\"A\"}", "{\"cookie\":1}", "{\"cookie\":null,\"user_id\":3}",
            "{\"user_id\":1,\"user_id\":1}", "null",
        ][..]).prop_map(str::to_owned),
    ]
}

fn page_view() -> impl Strategy<Value = String> {
    let nonce = prop_oneof![
        20 => (0..3i64).prop_map(|nonce| nonce.to_string()),
        1 => select(&["-5", "9223372036854775807", "1e3", "null"][..]).prop_map(str::to_owned),
    ];
    (nonce, url(), person(), 0..8u8).prop_map(|(nonce, url, person, order)| {
        let (nonce, page) = (
            format!("\"nonce\":{nonce}"),
            format!("\"page\":{{\"url\":\"{url}\"}}"),
        );
        let person = format!("\"person\":{person}");
        let fields = match order {
            0 => [person, nonce, page],
            1 => [page, person, nonce],
            _ => [nonce, page, person],
        };
        format!("{{\"page_view\":{{{}}}}}", fields.join(","))
    })
}

fn unit() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => page_view(),
        2 => (person(), person()).prop_map(|(id1, id2)| format!("{{\"equiv\":{{\"id1\":{id1},\"id2\":{id2}}}}}")),
        2 => (person(), select(&[
            "{\"full_name\":\"A B\"}", "{\"full_name\":\"A \\\"B\\\"\"}", "{\"gender\":\"MALE\"}", "{\"gender\":\"X\"}",
            "{\"age\":3}", "{\"age\":\"3\"}", "{\"location\":{\"city\":\"A\",\"country\":null,\"state\":\"CA\"}}",
            "{\"location\":{\"state\":\"A\",\"city\":\"B\",\"country\":\"C\"}}", "{\"location\":{\"city\":\"A\"}}",
            "{\"location\":{\"city\":\"A\",\"city\":\"B\",\"state\":\"C\"}}",
        ][..])).prop_map(|(id, property)| format!("{{\"person_property\":{{\"id\":{id},\"property\":{property}}}}}")),
        1 => (url(), select(&["1", "-1", "\"1\""][..])).prop_map(|(url, views)|
            format!("{{\"page_property\":{{\"id\":{{\"url\":\"{url}\"}},\"property\":{{\"page_views\":{views}}}}}}}")),
        1 => select(&["{}", "{\"click\":{}}", "{\"page_view\":{}}", "null", "7", "[]"][..]).prop_map(str::to_owned),
    ]
}

/// A line of JSON, of which some are no datums.
fn line() -> impl Strategy<Value = String> {
    (unit(), seconds(), 0..40u8, any::<u16>()).prop_map(|(unit, secs, form, at)| match form {
        0 => format!("{{\"pedigree\":{{\"true_as_of_secs\":{secs}}},\"dataunit\":{unit}}}"),
        1 => format!(" {{ \"dataunit\" :\t{unit} , \"pedigree\": {{\"true_as_of_secs\" : {secs} }} }} \r"),
        2 => format!("{{\"extra\":1,\"dataunit\":{unit},\"pedigree\":{{\"true_as_of_secs\":{secs},\"by\":\"x\"}}}}"),
        3 => format!("{{\"dataunit\":{unit}}}"),
        4 => format!("{{\"dataunit\":{unit},\"pedigree\":{{\"true_as_of_secs\":{secs}}}}}x"),
        5 => format!("{{\"dataunit\":{unit},\"pedigree\":{{\"true_as_of_secs\":{secs}}}}}\u{2028}"),
        6 => "\t \r".to_owned(),
        7 => "\u{2003}".to_owned(),
        8 => {
            let whole = format!("{{\"dataunit\":{unit},\"pedigree\":{{\"true_as_of_secs\":{secs}}}}}");
            let end = usize::from(at) % (whole.len() + 1);
            let end = (0..=end).rev().find(|&end| whole.is_char_boundary(end));
            whole[..end.unwrap_or(0)].to_owned()
        }
        _ => format!("{{\"dataunit\":{unit},\"pedigree\":{{\"true_as_of_secs\":{secs}}}}}"),
    })
}

/// A file of JSON lines, with duplicates, and with a mark or a last line end or without.
pub fn lines() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec((line(), 0..8u8), 1..600);
    (lines, any::<bool>(), 0..4u8).prop_map(|(lines, ends, mark)| {
        let mut text = if mark == 0 {
            "\u{feff}".to_owned()
        } else {
            String::new()
        };
        for (line, times) in &lines {
            for _ in 0..if *times == 0 { 2 } else { 1 } {
                text.push_str(line);
                text.push('\n');
            }
        }
        if !ends {
            text.pop();
        }
        text
    })
}

/// A table of datums, of which some rows are none; with the columns for equivs or without.
pub fn table() -> impl Strategy<Value = DataFrame> {
    let kind = prop_oneof![
        12 => Just(Some("page_view")),
        2 => Just(Some("equiv")),
        2 => select(&[Some("person_property"), Some("page_property"), Some("click"), None][..]),
    ];
    let secs = prop_oneof![
        30 => (select(&DAYS[..]), -9_000..90_000i64).prop_map(|(day, secs)| Some(day + secs)),
        1 => select(&[None, Some(253_402_300_800), Some(i64::MIN)][..]),
    ];
    let user = prop_oneof![5 => (0..40i64).prop_map(Some), 4 => Just(None), 1 => any::<i64>().prop_map(Some)];
    let cookie = prop_oneof![2 => Just(None), 1 => "[A-Eé\"\\\\]{0,3}".prop_map(Some)];
    let nonce = prop_oneof![20 => (0..3i64).prop_map(Some), 1 => Just(None)];
    let url = prop_oneof![20 => url().prop_map(Some), 1 => Just(None)];
    let row = (
        kind,
        secs,
        url,
        (cookie.clone(), user.clone()),
        nonce,
        (cookie, user),
    );
    (prop::collection::vec(row, 1..600), any::<bool>()).prop_map(|(rows, has_second)| {
        let frame = df!(
            "kind" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            "true_as_of_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            "url" => rows.iter().map(|row| row.2.clone()).collect::<Vec<_>>(),
            "cookie" => rows.iter().map(|row| row.3.0.clone()).collect::<Vec<_>>(),
            "user_id" => rows.iter().map(|row| row.3.1).collect::<Vec<_>>(),
            "nonce" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
            "cookie2" => rows.iter().map(|row| row.5.0.clone()).collect::<Vec<_>>(),
            "user_id2" => rows.iter().map(|row| row.5.1).collect::<Vec<_>>(),
        );
        let frame = frame.expect("columns of one length");
        match has_second {
            true => frame,
            false => frame.drop_many(["cookie2", "user_id2"]),
        }
    })
}
