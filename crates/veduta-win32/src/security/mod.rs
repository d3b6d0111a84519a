//! Security descriptors, and the file modes that they come to.

mod acl;
mod descriptor;
mod memory;
mod mode;
mod sddl;
mod sid;

use crate::failure::Result;
use crate::heap;
use crate::pointer::Out;
use crate::text::Text;
use crate::types::POINTER;
use descriptor::Descriptor;

/// The file mode that a descriptor comes to.
pub(crate) fn mode(descriptor: POINTER) -> Result<u32> {
    mode::of(&Descriptor::read(descriptor.expose_provenance())?, mode::Me::now())
}

/// Gives the program a text, which it frees with `LocalFree`.
fn put_text<T: Text>(to: Out<*mut T::Unit>, text: &str) -> Result<()> {
    let to = to.required()?;
    let mut units = T::encode(text);
    units.push(T::Unit::default());
    to.put(heap::allocate_copy(&units)?);
    Ok(())
}
