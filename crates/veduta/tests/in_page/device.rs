//! A device that cannot be read from some block on.

use crate::disk::Disk;
use crate::{PAGE, is_missing, map, open, scratch, whole};
use veduta::ViewAccess;

const LEN: usize = 4 << 20;
/// The kernel reads, and fails, in pieces of up to 2 MiB.
const GOOD: usize = 2 << 20;

#[test]
fn what_cannot_be_read_is_told() {
    Disk::ext4("broken", &vec![7; LEN], |disk| {
        let file = open(&disk.fail_behind("broken", GOOD));
        let view = map(&file, ViewAccess::Write);
        let mut buffer = vec![0; LEN - 100];
        is_missing(view.read_at(100, &mut buffer), GOOD);
        assert!(buffer[..GOOD - 100].iter().all(|&byte| byte == 7), "what can be read was read");
        is_missing(view.read_value::<u64>(GOOD - 4), GOOD);
        is_missing(view.write_at(GOOD + 10, &[8; 10]), GOOD + 10);
        is_missing(view.fill(GOOD - 10..GOOD + 10, 8), GOOD);
        is_missing(view.compare_bytes(GOOD + 1, &[7]), GOOD + 1);
        let other = whole(1);
        is_missing(other.compare(0..10, &view, GOOD), GOOD);
        is_missing(other.copy_from(0, &view, GOOD + 7..GOOD + 9), GOOD + 7);
        is_missing(view.write_to(GOOD..LEN, &scratch::file(0), 0), GOOD);
        is_missing(map(&file, ViewAccess::Copy).into_private(), GOOD);
        assert_eq!(other.compare_bytes(0, &[9; PAGE]).unwrap(), None);
    });
}
