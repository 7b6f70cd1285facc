// found by no_faster: row 1
// Compares with where the log ended before this tick.
use microbatch::by_hand::LoggedView;
use systems::{AskedVersion, Replacement, ViewProgram};

fn tick(view: &mut Replacement, log: &[LoggedView], at_most: usize) {
    fn read_on(program: &mut ViewProgram, log: &[LoggedView], at_most: usize) {
        for _ in 0..at_most {
            let Some(record) = log.iter().find(|record| record.offset == program.next()) else { return };
            program.read(record);
        }
    }
    let end = view.old.as_ref().map(|old| old.next());
    if let Some(old) = &mut view.old {
        read_on(old, log, log.len());
    }
    read_on(&mut view.new, log, at_most);
    if end.is_some_and(|end| view.new.next() >= end) {
        view.asked = AskedVersion::New;
        view.old = None;
    }
}
