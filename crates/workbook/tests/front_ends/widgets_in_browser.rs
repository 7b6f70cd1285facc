//! Widgets as JupyterLab's own widget manager draws them, moved by a reader.
use super::jupyterlab::{Reader, SOON, cell, notebook};

const BARS: &str = r#"interact(IntSlider::new("bars", 1..=10), |bars: i64| {
    let height: Vec<i64> = (1..=bars).collect();
    let names: Vec<String> = height.iter().map(|n| format!("bar {n}")).collect();
    plot::bars(&df!("bar" => names, "height" => height)?, "bar", "height").figure()
})"#;

#[test]
fn a_slider_moved_by_keyboard_runs_its_closure_and_the_last_picture_is_saved() {
    let Some(mut reader) = Reader::open("slider", &notebook(&[BARS])) else {
        return;
    };
    reader.run(0, 1);
    let handle = format!("{}.querySelector('.noUi-handle')", cell(0));
    let source = format!("{}.querySelector('.jp-RenderedSVG img')?.src", cell(0));
    // The picture of so many bars and no more.
    let drawn = |bars: i32| {
        format!(
            "(svg => svg.includes('bar {bars}') && !svg.includes('bar {}'))
                (decodeURIComponent({source} ?? ''))",
            bars + 1
        )
    };
    reader.page.wait_until("one bar", &drawn(1), SOON);
    reader.page.picture("1-before");
    reader.page.click("the slider", &handle);
    for bars in 2..=4 {
        reader.page.press("ArrowRight", false);
        let what = format!("{bars} bars");
        reader.page.wait_until(&what, &drawn(bars), SOON);
    }
    reader.page.picture("2-after");

    // A page without the kernel, and a code host, show what is in the file.
    let saved = reader.save("bar 4");
    assert!(saved.contains("image/svg+xml"), "{saved}");
}

const ALL: &str = r#"let (clicks, button) = (widgets::Label::new("none"), Button::new("click"));
let (shown, mut count) = (clicks.clone(), 0);
button.on_click(move || { count += 1; shown.set(format!("{count} clicks")) });
let circle = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>
    <circle cx='20' cy='20' r='18' fill='teal'/></svg>";
VBox::new((
    HBox::new((IntSlider::new("whole", 0..=9), FloatSlider::new("real", 0.0..=1.0))),
    HBox::new((Dropdown::new("zone", ["UTC", "Asia/Kolkata"]), Checkbox::new("exact", true))),
    ToggleButtons::new("by", ["hour", "day"]),
    HBox::new((widgets::Text::new("url", "mysite.com/"), button, clicks)),
    HBox::new((Play::new(0..=9), Html::new("some <b>bold</b> text"), Image::svg(circle))),
    Tab::new([("first", Checkbox::new("seen", false)), ("second", Checkbox::new("new", true))]),
))"#;

#[test]
fn every_widget_is_drawn_a_click_runs_its_handler_and_a_page_loaded_again_goes_on() {
    let Some(mut reader) = Reader::open("widgets", &notebook(&[ALL])) else {
        return;
    };
    reader.run(0, 1);
    for class in [
        "slider",
        "dropdown",
        "checkbox",
        "toggle-buttons",
        "button",
        "label",
        "text",
        "play",
        "html",
        "image",
        "hbox",
        "vbox",
        "tab",
    ] {
        let widget = format!("{}.querySelector('.widget-{class}')", cell(0));
        let drawn = format!("{widget}?.getBoundingClientRect().width > 10");
        reader.page.wait_until(class, &drawn, SOON);
    }
    let button = format!("{}.querySelector('button.widget-button')", cell(0));
    for clicks in 1..=2 {
        reader.page.click("the button", &button);
        reader.wait_for_text(0, &format!("{clicks} clicks"));
    }
    reader.page.picture("1-all");

    reader.save("widget-view");
    reader.reload();
    reader.page.click("the button", &button);
    reader.wait_for_text(0, "3 clicks");
    reader.page.picture("2-loaded-again");
    assert_eq!(reader.page.thrown, [""; 0]);
}
