// found by fresh: row 2
// Compares the end of the log with the last record that was read, and not with the next.
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
    if view.old.as_ref().is_some_and(|old| old.next() <= view.new.next() + 1) {
        view.asked = AskedVersion::New;
        view.old = None;
    }
}
