// found by fresh: row 1
// Stops the old program when the replay begins.
use microbatch::by_hand::LoggedView;
use systems::{AskedVersion, Replacement, ViewProgram};

fn tick(view: &mut Replacement, log: &[LoggedView], at_most: usize) {
    fn read_on(program: &mut ViewProgram, log: &[LoggedView], at_most: usize) {
        for _ in 0..at_most {
            let Some(record) = log.iter().find(|record| record.offset == program.next()) else { return };
            program.read(record);
        }
    }
    read_on(&mut view.new, log, at_most);
    let end = log.last().map_or(0, |record| record.offset + 1);
    if view.new.next() == end {
        view.asked = AskedVersion::New;
        view.old = None;
    }
}
