//! What is told of a view's pages.

use crate::Replay;
use crate::constant::page;
use crate::create::section;
use crate::row::Row;
use serde_json::{Value, json};
use veduta::{Protection, Region, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("VQ-02/03", base),
    ("VQ-06", inside),
    ("VQ-09/10/11", protected_page),
    ("VQ-14", written_copy),
    ("VQ-15", before_a_written_copy),
];

fn map(size: u64, access: ViewAccess) -> View {
    section(None, Protection::ReadWrite, size)
        .and_then(|section| section.map(access))
        .expect("the section allows the view")
}

fn offset(region: &Region, address: usize) -> String {
    match address - region.allocation_base {
        0 => "of the view".to_owned(),
        offset => format!("offset {offset:#x}"),
    }
}

fn base(_: &Row) -> Value {
    let view = map(5000, ViewAccess::Read);
    let region = view.query(0).expect("a view can be queried");
    assert_eq!(region.base, view.as_ptr().addr());
    json!({
        "base": offset(&region, region.base),
        "allocation base": offset(&region, region.allocation_base),
        "region": region.len,
    })
}

fn inside(_: &Row) -> Value {
    let view = map(0x10000, ViewAccess::Read);
    let region = view.query(0x5678).expect("a view can be queried");
    assert_eq!(region.allocation_base, view.as_ptr().addr());
    json!({
        "base": offset(&region, region.base),
        "allocation base": offset(&region, region.allocation_base),
        "region": region.len,
    })
}

fn protected_page(_: &Row) -> Value {
    let mut view = map(0x10000, ViewAccess::Write);
    let old = view.protect(4096..8192, ViewAccess::Read).expect("a view may be protected");
    let regions = view.regions().expect("a view can be queried");
    let unchanged = regions.iter().all(|region| region.allocation_base == view.as_ptr().addr());
    let was = regions[0].allocation_access;
    assert!(regions.iter().all(|region| region.allocation_access == was));
    json!({
        "old": page(old),
        "regions": regions.iter().map(|region| json!({
            "offset": region.base - region.allocation_base,
            "length": region.len,
            "Protect": page(region.access),
        })).collect::<Vec<_>>(),
        "AllocationBase": if unchanged { "unchanged" } else { "changed" },
        "AllocationProtect": page(was),
    })
}

fn copy_with_one_page_written() -> View {
    let view = map(0x10000, ViewAccess::Copy);
    view.write_at(2 * 4096 + 5, b"mine").expect("inside the view");
    view
}

fn written_copy(_: &Row) -> Value {
    let view = copy_with_one_page_written();
    let region = view.query(2 * 4096 + 5).expect("a view can be queried");
    json!({
        "offset": region.base - region.allocation_base,
        "length": region.len,
        "Protect": page(region.access),
        "AllocationProtect": page(region.allocation_access),
    })
}

fn before_a_written_copy(_: &Row) -> Value {
    let view = copy_with_one_page_written();
    let region = view.query(0).expect("a view can be queried");
    json!({
        "offset": region.base - region.allocation_base,
        "length": region.len,
        "Protect": page(region.access),
    })
}
