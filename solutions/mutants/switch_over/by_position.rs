// found by gone: row
// Takes the place of a record in what is left of the log for its offset.
use microbatch::by_hand::LoggedView;
use systems::{AskedVersion, Replacement, ViewProgram};

fn tick(view: &mut Replacement, log: &[LoggedView], at_most: usize) {
    fn read_on(program: &mut ViewProgram, log: &[LoggedView], at_most: usize) {
        for _ in 0..at_most {
            let Some(record) = log.get(program.next() as usize) else { return };
            program.read(record);
        }
    }
    if let Some(old) = &mut view.old {
        let next = old.next();
        log.iter().filter(|record| record.offset >= next).for_each(|record| old.read(record));
    }
    read_on(&mut view.new, log, at_most);
    if view.old.as_ref().is_some_and(|old| old.next() == view.new.next()) {
        view.asked = AskedVersion::New;
        view.old = None;
    }
}
