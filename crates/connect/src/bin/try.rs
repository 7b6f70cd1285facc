use std::io::Read;
use lambda::engine::{BatchJob, Engine, Local};
fn main() {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap();
    if let Some(input) = args.next() {
        let job = BatchJob { visits: true, zones: args.map(|z| calendar::parse_zone(&z).unwrap()).collect(), ..BatchJob::of(std::path::PathBuf::from(input)) };
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let began = std::time::Instant::now();
        let local = Local::default().run(&job, a.path(), &|_| ());
        eprintln!("local {:?}", began.elapsed());
        let began = std::time::Instant::now();
        let spark = connect::spark::Spark::at(address).run(&job, b.path(), &|_| ());
        eprintln!("spark {:?}", began.elapsed());
        match (&local, &spark) { (Ok(a), Ok(b)) => println!("{a:?}\n{b:?}\n{}", a == b), (a, b) => println!("{a:?}\n{}", match b { Ok(b) => format!("{b:?}"), Err(e) => e.to_string() }) }
        if let Ok(l) = local { for (name, _) in l.files {
            let read = |d: &std::path::Path| std::fs::read(d.join(&name)).unwrap_or_default();
            println!("{name} {}", if read(a.path()) == read(b.path()) { "same" } else { "DIFFERENT" });
        } }
        return;
    }
    let mut sql = String::new();
    std::io::stdin().read_to_string(&mut sql).unwrap();
    let session = connect::spark::Session::open(&address).unwrap();
    for one in sql.split(";\n") {
        let one = one.trim();
        if one.is_empty() { continue; }
        let began = std::time::Instant::now();
        let up = one.to_uppercase();
        if up.starts_with("SELECT") || up.starts_with("WITH") {
            let mut n = 0;
            let r = session.query(one, |rows| { n += rows.len(); println!("{}", rows.show()); Ok(()) });
            println!("-- {n} rows {:?} {:?}", r.map_err(|e| e.to_string()), began.elapsed());
        } else {
            let r = session.execute(one);
            println!("-- {} => {:?} {:?}", &one[..one.len().min(60)], r.map_err(|e| e.to_string()), began.elapsed());
        }
    }
}
