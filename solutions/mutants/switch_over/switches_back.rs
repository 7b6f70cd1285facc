// found by after_it: row 2
// Takes the old view again, which is gone, when the new one is behind.
use microbatch::by_hand::LoggedView;
use systems::{AskedVersion, Replacement, ViewProgram};

fn tick(view: &mut Replacement, log: &[LoggedView], at_most: usize) {
    fn read_on(program: &mut ViewProgram, log: &[LoggedView], at_most: usize) {
        for _ in 0..at_most {
            let Some(record) = log.iter().find(|record| record.offset == program.next()) else { return };
            program.read(record);
        }
    }
    if let Some(old) = &mut view.old {
        read_on(old, log, log.len());
    }
    read_on(&mut view.new, log, at_most);
    let end = log.last().map_or(0, |record| record.offset + 1);
    if view.new.next() == end {
        view.asked = AskedVersion::New;
        view.old = None;
    } else {
        view.asked = AskedVersion::Old;
    }
}
