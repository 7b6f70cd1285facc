// found by copies_take_places: differs in `new`
// Copies take no place in the window.
fn new_views(log: &[speed::Arrival], first: usize, from: usize, window: usize) -> Result<Vec<bool>, String> {
    if first > from.saturating_sub(window) {
        return Err("the window is not kept".to_owned());
    }
    let from = from - first;
    let mut kept: Vec<&speed::Arrival> = Vec::new();
    let mut answer = Vec::new();
    for (at, view) in log.iter().enumerate() {
        let new = !kept.contains(&view);
        if new {
            kept.push(view);
            if kept.len() > window {
                kept.remove(0);
            }
        }
        if at >= from {
            answer.push(new);
        }
    }
    Ok(answer)
}
