//! Arguments: good ones, bad ones, and those at a boundary.

use crate::block::Block;
use crate::function::Argument;
use crate::registry::Kind;
use crate::world::World;

/// The arguments of one call, and the memory that they point to.
#[derive(Default)]
pub struct Call {
    pub words: Vec<u64>,
    pub blocks: Vec<Block>,
    /// Which block an argument points to.
    pub block_of: Vec<Option<usize>>,
    pub capacity: usize,
    pub length: usize,
    pub flags: u32,
    /// Whether it is part of a scenario.
    pub in_order: bool,
}

const NUMBERS: &[u32] = &[
    0,
    1,
    2,
    3,
    5,
    87,
    183,
    255,
    256,
    4095,
    4096,
    65535,
    65536,
    0x7FFF_FFFF,
    0x8000_0000,
    u32::MAX,
    0x0010_0004,
];
const SMALL: &[u32] = &[0, 1, 1, 2, 3, 8, 15, 16, 100, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, 0xFFFF_FF00];
const SIZES: &[u64] = &[
    0,
    0,
    1,
    4095,
    4096,
    4097,
    65535,
    65536,
    65537,
    131_072,
    1 << 20,
    u32::MAX as u64,
    1 << 40,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
    u64::MAX - 4095,
];
const CAPACITIES: &[usize] = &[0, 1, 2, 3, 5, 10, 64, 260, 260, 1100, 4096, 40_000];

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

impl Call {
    pub fn for_world(world: &mut World) -> Call {
        let capacity = world.random.of(CAPACITIES);
        let length = world.random.of(&[0, 1, 2, 100, 4096, 5000]);
        Call { capacity, length, ..Call::default() }
    }

    pub fn push(&mut self, world: &mut World, argument: Argument) {
        let blocks = self.blocks.len();
        let word = self.make(world, argument);
        self.block_of.push((self.blocks.len() > blocks && word != 0).then(|| self.blocks.len() - 1));
        self.words.push(word);
    }

    fn keep(&mut self, mut block: Block) -> u64 {
        let address = block.address();
        self.blocks.push(block);
        address
    }

    fn output(&mut self, world: &mut World, len: usize) -> u64 {
        if world.random.percent(8) {
            return 0;
        }
        self.keep(Block::output(&vec![0xEE; len]))
    }

    fn text(&mut self, is_wide: bool, text: &[u16]) -> u64 {
        let bytes = if is_wide {
            text.iter().chain(&[0]).flat_map(|unit| unit.to_ne_bytes()).collect()
        } else {
            // Half a surrogate pair becomes a byte that is no UTF-8.
            let mut bytes: Vec<u8> = Vec::new();
            for character in char::decode_utf16(text.iter().copied()) {
                match character {
                    Ok(character) => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
                    Err(_) => bytes.push(0xFF),
                }
            }
            bytes.push(0);
            bytes
        };
        self.keep(Block::input(&bytes))
    }

    /// Text that is no good name of anything.
    fn strange(world: &mut World) -> Vec<u16> {
        match world.random.below(12) {
            0 => Vec::new(),
            1 => vec![u16::from(b'q'); 259],
            2 => vec![u16::from(b'q'); 260],
            3 => vec![u16::from(b'q'); 1100],
            4 => vec![u16::from(b'q'); 40_000],
            5 => vec![0xD800, u16::from(b'x')],
            6 => vec![u16::from(b'x'), 0xDC00],
            7 => wide("q*?<>|\"q"),
            8 => wide("none\\none\\none"),
            9 => wide("\\\\server\\share\\q"),
            10 => wide("Q:\\none"),
            _ => wide("q\u{1F600}\u{E9}\u{7}q"),
        }
    }

    fn path(world: &mut World) -> Vec<u16> {
        let file = format!("f{}", world.random.below(6));
        let directory = format!("d{}", world.random.below(3));
        let root = world.shared.root.to_string_lossy().replace('/', "\\");
        match world.random.below(10) {
            0..5 => wide(&format!("{root}\\work\\{file}")),
            5 => wide(&file),
            6 => wide(&format!("{root}\\work\\{directory}")),
            7 => wide(&format!("{root}\\work\\{directory}\\{file}")),
            8 => wide(&format!("\\\\?\\{root}\\work\\.\\{directory}\\..\\{file}")),
            _ => Call::strange(world),
        }
    }

    fn make(&mut self, world: &mut World, argument: Argument) -> u64 {
        use Argument::*;
        let null = world.random.percent(5);
        match argument {
            H(kind) => world.draw(kind),
            NotPipe => match world.draw(Kind::File) {
                handle if world.shared.handles.kind(handle) == Some(Kind::Pipe) => 0,
                handle => handle,
            },
            P if world.random.percent(80) => u64::MAX,
            P => match world.draw(Kind::Child) {
                // What is put into a child it has until it ends, and then the name stays for whoever comes next. A single thread is to leave
                // nothing at all.
                handle if world.shared.threads == 1 && world.may_be_a_child(handle) => u64::MAX,
                handle => handle,
            },
            Child => match world.draw(Kind::Child) {
                handle if world.shared.handles.kind(handle) == Some(Kind::Child) => handle,
                _ => world.random.of(&[0, 0xDEAD_BEEC, 0x7FFF_FFFC]),
            },
            NoThread => match world.draw(Kind::Event) {
                handle
                    if matches!(world.shared.handles.kind(handle), None | Some(Kind::Thread))
                        || handle >= u64::MAX - 8 =>
                {
                    0
                }
                handle => handle,
            },
            B => u64::from(world.random.of(&[0, 0, 1, 1, 2, u32::MAX])),
            F(flags) => self.flags_of(world, flags),
            MessageFlags => {
                let flags = world.random.of(&[0x1000, 0x1000, 0x400, 0x400, 0x1400, 0x800, 0])
                    | world.random.of(&[0, 0x100])
                    | world.random.of(&[0x200, 0x200, 0x2000])
                    | world.random.of(&[0, 0, 1, 40, 255]);
                self.flags = flags;
                u64::from(flags)
            }
            One(values) if !null => u64::from(world.random.of(values)),
            // Where such an argument is a length, others would promise memory that is not there.
            One(values) => u64::from(values[0]),
            N => u64::from(world.random.of(NUMBERS)),
            Small => u64::from(world.random.of(SMALL)),
            Size => world.random.of(SIZES),
            Length if world.random.percent(70) => world.random.of(&[0, 1, 4096, 65_536, 100_000, 1 << 20]),
            Length => world.random.of(SIZES),
            Backing if world.random.percent(50) => u64::MAX,
            Backing => world.draw(Kind::File),
            Base if world.random.percent(60) => 0,
            Base => world.address(),
            Low => u64::from(world.random.of(&[0, 0, 1, 4095, 4096, 65536, 100_000, u32::MAX, 0x8000_0000])),
            HighAt => match world.random.of(&[None, None, Some(0u32), Some(u32::MAX), Some(0x7FFF_FFFF)]) {
                None => 0,
                Some(high) => {
                    let address = self.keep(Block::output(&high.to_ne_bytes()));
                    self.blocks.last_mut().expect("it was kept").volatile = true;
                    address
                }
            },
            Distance => {
                world.random.of(&[0, 1, 4096, 65536, -1, -4096, i64::MAX, i64::MIN, i64::MAX - 1]) as u64
            }
            Ms => world.random.below(3) as u64 * world.random.below(3) as u64,
            Zero => 0,
            Name(_) | Text(_) | Variable(_) | Sddl(_) | Path(_) | Look(_) if null => 0,
            Name(is_wide) => {
                let name = match world.random.below(12) {
                    0..3 => return 0,
                    3..8 => wide(&format!("n{}-{}", world.name_kind, world.random.below(3))),
                    8 => wide(&format!("Local\\n{}", world.random.below(6))),
                    9 => wide(&format!("Global\\n{}", world.random.below(6))),
                    _ => Call::strange(world),
                };
                self.text(is_wide, &name)
            }
            Path(is_wide) => {
                let path = Call::path(world);
                self.text(is_wide, &path)
            }
            Look(is_wide) => {
                let path = match world.random.below(10) {
                    0 => wide("..\\..\\..\\x\\..\\"),
                    1 => wide("\\"),
                    2 => wide("C:x"),
                    3 => wide("\\\\?\\"),
                    4 => wide("NUL"),
                    _ => Call::path(world),
                };
                self.text(is_wide, &path)
            }
            Go(is_wide) => {
                let root = world.shared.root.to_string_lossy().replace('/', "\\");
                let path = match world.random.below(6) {
                    0 => wide(&format!("{root}\\work\\d1")),
                    1 => Call::strange(world),
                    _ => wide(&format!("{root}\\work")),
                };
                self.text(is_wide, &path)
            }
            Variable(is_wide) => {
                let name = match world.random.below(6) {
                    0..4 => wide(&format!("FUZZ{}", world.random.below(4))),
                    4 => wide("a=b"),
                    _ => Call::strange(world),
                };
                self.text(is_wide, &name)
            }
            Text(is_wide) => {
                let text = Call::some_text(world);
                self.text(is_wide, &text)
            }
            There(is_wide) => {
                let text = Call::some_text(world);
                self.text(is_wide, &text)
            }
            Room(is_wide) => {
                let mut bytes = Vec::new();
                let text = Call::some_text(world);
                for unit in text.iter().take(50) {
                    if is_wide { bytes.extend(unit.to_ne_bytes()) } else { bytes.push(b'a') }
                }
                bytes.resize(400_000, 0);
                let address = self.keep(Block::output(&bytes));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            Sddl(is_wide) => {
                let text = match world.random.below(10) {
                    0 => wide("S-1-5-32-544"),
                    1 => wide("S-1-0x100000000-1-2-3"),
                    2 => wide("O:BAG:BAD:(A;;GA;;;WD)(D;;0x1f;;;S-1-5-18)S:(AU;SAFA;GA;;;WD)"),
                    3 => wide("D:P(A;OICI;GR;;;WD)"),
                    4 => wide("D:(A;;GA;;;"),
                    5 => wide("WD"),
                    6 => wide("D:"),
                    7 => wide("S-1-"),
                    8 => wide("D:(A;;\u{E9};;;WD)"),
                    _ => Call::strange(world),
                };
                self.text(is_wide, &text)
            }
            Attributes => match world.random.below(10) {
                0 => {
                    let descriptor = self.make(world, Argument::Descriptor);
                    self.attributes(descriptor, 24)
                }
                1 => self.attributes(0, 0),
                2 => self.attributes(0x1000, 24),
                3..5 => self.attributes(0, 24),
                _ => 0,
            },
            Out(len) => self.output(world, len),
            Place(len) => self.keep(Block::output(&vec![0; len])),
            MemoryStatus => {
                let mut bytes = [0xEE; 64];
                bytes[..4].copy_from_slice(&world.random.of(&[64u32, 64, 64, 0, 63]).to_ne_bytes());
                if null { 0 } else { self.keep(Block::output(&bytes)) }
            }
            In(len) => {
                if null || world.random.percent(10) {
                    return 0;
                }
                let byte = world.random.of(&[0, 1, 0x7F, 0xFF]);
                let mut bytes = vec![byte; len];
                bytes[0] = world.random.next() as u8;
                if len == 8 && world.random.percent(60) {
                    bytes = 0x01D9_0000_0000_0000u64.to_ne_bytes().to_vec();
                }
                self.keep(Block::input(&bytes))
            }
            SystemTime => {
                let month = world.random.of(&[1u16, 1, 6, 12, 0, 13, u16::MAX]);
                let day = world.random.of(&[1u16, 28, 31, 0, 32]);
                let year = world.random.of(&[2024u16, 1601, 1600, 30827, 30828, 0]);
                let parts = [year, month, 0, day, 23, 59, world.random.of(&[59, 60]), 999];
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_ne_bytes()).collect();
                self.keep(Block::input(&bytes))
            }
            Due => {
                let due = world.random.of(&[0, -1, -10_000, -50_000, 1, i64::MAX, i64::MIN]);
                if null { 0 } else { self.keep(Block::input(&i64::to_ne_bytes(due))) }
            }
            Buffer(is_wide) if world.random.percent(10) && self.capacity > 0 => {
                let _none = is_wide;
                0
            }
            Buffer(is_wide) => {
                let len = self.capacity * if is_wide { 2 } else { 1 };
                let address = self.keep(Block::output(&vec![0xEE; len]));
                // Text that does not fit may be there in part.
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            SidOut => {
                let address = self.keep(Block::output(&vec![0xEE; self.capacity]));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            MessageBuffer(is_wide) if self.flags & 0x100 != 0 => {
                let _none = is_wide;
                let address = self.keep(Block::output(&[0; 8]));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            MessageBuffer(is_wide) => self.make(world, Buffer(is_wide)),
            Capacity => self.capacity as u64,
            CapacityAt => {
                if null {
                    return 0;
                }
                let address = self.keep(Block::output(&(self.capacity as u32).to_ne_bytes()));
                // The size that would do is said on failure.
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            Data if world.random.percent(10) => self.make(world, Argument::Own),
            Data => {
                let address = self.keep(Block::output(&vec![0xEE; self.length]));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            DataLength => {
                // Memory of a region has a page at least.
                if self.block_of.last().is_some_and(Option::is_none) {
                    self.length = self.length.min(4096);
                }
                self.length as u64
            }
            ClassBuffer => {
                let byte = world.random.of(&[0, 0, 1, 0xFF]);
                let mut content = vec![byte; self.length];
                // A length that no disk is filled by.
                if let Some(start) = content.get_mut(..8) {
                    start.copy_from_slice(
                        &world.random.of(&[0i64, 1, 4096, 70_000, -1, i64::MIN, i64::MAX]).to_ne_bytes(),
                    );
                }
                if null { 0 } else { self.keep(Block::output(&content)) }
            }
            ClassSize => self.length as u64,
            Overlapped => {
                if world.random.percent(60) {
                    return 0;
                }
                let mut bytes = [0; 32];
                let offset = world.random.of(&[0, 1, 4096, 100_000, u64::MAX, 1 << 63, i64::MAX as u64]);
                bytes[16..24].copy_from_slice(&offset.to_ne_bytes());
                let event = if world.random.percent(50) { world.draw(Kind::Event) } else { 0 };
                bytes[24..].copy_from_slice(&event.to_ne_bytes());
                let address = self.keep(Block::output(&bytes));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            Region | Own => world.address(),
            Ranges => {
                let mut bytes = Vec::new();
                for _ in 0..2 {
                    bytes.extend(world.address().to_ne_bytes());
                    bytes.extend(world.random.of(SIZES).to_ne_bytes());
                }
                if null { 0 } else { self.keep(Block::input(&bytes)) }
            }
            Count => {
                self.length = world.random.of(&[0, 1, 2, 2, 3, 3, 5, 64, 65, 70]);
                world.random.of(&[self.length as u64, self.length as u64, self.length as u64, 0])
            }
            Handles => {
                let handles: Vec<u8> =
                    (0..self.length).flat_map(|_| world.waitable().to_ne_bytes()).collect();
                if null { 0 } else { self.keep(Block::input(&handles)) }
            }
            Sid => {
                if null {
                    return 0;
                }
                match world.random.below(8) {
                    0 => world.random.of(&[1, 0x1000, 1 << 47, u64::MAX, u64::MAX - 4]),
                    1 => self.keep(Block::input(&[1, 255, 0, 0, 0, 0, 0, 5])),
                    2 => self.keep(Block::input(&[1])),
                    3 => {
                        let bytes: Vec<u8> = (0..68).map(|_| world.random.next() as u8).collect();
                        self.keep(Block::input(&bytes))
                    }
                    4 => self.keep(Block::input(&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0])),
                    _ => self.keep(Block::input(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])),
                }
            }
            Acl => {
                if null {
                    return 0;
                }
                let size = world.random.of(&[256u16, 256, 256, 8, 9, 7, 0, 28]);
                let mut bytes = vec![0; 256];
                bytes[0] = world.random.of(&[2, 2, 2, 4, 0, 255]);
                bytes[2..4].copy_from_slice(&size.to_le_bytes());
                bytes[4] = world.random.of(&[0, 0, 0, 1, 2, 255]);
                if world.random.percent(40) {
                    for byte in &mut bytes[8..] {
                        *byte = world.random.next() as u8;
                    }
                }
                bytes[8..28]
                    .copy_from_slice(&[0, 0, 20, 0, 1, 0, 0, 0x10, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
                match world.random.below(10) {
                    0 => world.random.of(&[1, 0x1000, 1 << 47, u64::MAX]),
                    _ => {
                        let address = self.keep(Block::output(&bytes));
                        self.blocks.last_mut().expect("it was kept").volatile = true;
                        address
                    }
                }
            }
            Descriptor => {
                if null {
                    return 0;
                }
                let mut bytes = vec![0; 96];
                bytes[0] = world.random.of(&[1, 1, 1, 1, 0, 2]);
                let relative = world.random.percent(30);
                let control =
                    world.random.of(&[0u16, 4, 0x14, 4, 0xFFFF]) & 0x7FFF | if relative { 0x8000 } else { 0 };
                bytes[2..4].copy_from_slice(&control.to_le_bytes());
                if relative {
                    for field in 0..4 {
                        let offset = world.random.of(&[0u32, 20, 20, 32, 60, 95, u32::MAX]);
                        bytes[4 + 4 * field..8 + 4 * field].copy_from_slice(&offset.to_le_bytes());
                    }
                    bytes[20..32].copy_from_slice(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
                    bytes[32..40].copy_from_slice(&[2, 0, 28, 0, 1, 0, 0, 0]);
                    bytes[40..60]
                        .copy_from_slice(&[0, 0, 20, 0, 1, 0, 0, 0x10, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
                } else {
                    for field in 0..4 {
                        let part = match (world.random.percent(50), field < 2) {
                            (false, _) => 0,
                            (true, true) => self.make(world, Sid),
                            (true, false) => self.make(world, Acl),
                        };
                        bytes[8 + 8 * field..16 + 8 * field].copy_from_slice(&part.to_le_bytes());
                    }
                }
                if world.random.percent(8) {
                    return world.random.of(&[1, 0x1000, 1 << 47, u64::MAX]);
                }
                let address = self.keep(Block::output(&bytes));
                self.blocks.last_mut().expect("it was kept").volatile = true;
                address
            }
            MessageSource(is_wide) => {
                let text = world.random.of(&[
                    "plain",
                    "",
                    "%1 %2 %99",
                    "%1!d! %2!x! %3!08lX!",
                    "%1!s!",
                    "%0",
                    "%",
                    "%100",
                    "%1!",
                    "%1!*d!",
                    "%n%r%t%b%%",
                    "a\r\nb\nc",
                    "%1!999999999d!",
                    "%1!.999999999s!",
                    "%1!I64d! %2!hs! %3!c!",
                    "%1!q!",
                    "a word after a word after a word and so on, and on, and on, and on, and on, and on",
                ]);
                self.text(is_wide, &wide(text))
            }
            Inserts => {
                // Each is a number, and the address of a text of either width.
                if world.random.percent(20) {
                    return 0;
                }
                let text = self.keep(Block::input(&[b'i', 0, b'n', 0, 0, 0, 0, 0]));
                let array: Vec<u8> = (0..101).flat_map(|_| text.to_ne_bytes()).collect();
                let array = self.keep(Block::input(&array));
                // A list that is no array must be a va_list: one whose arguments are all on the stack.
                if self.flags & 0x2000 != 0 {
                    return array;
                }
                let mut list = [0; 24];
                list[0..4].copy_from_slice(&48u32.to_ne_bytes());
                list[4..8].copy_from_slice(&304u32.to_ne_bytes());
                list[8..16].copy_from_slice(&array.to_ne_bytes());
                if cfg!(target_arch = "x86_64") { self.keep(Block::input(&list)) } else { 0 }
            }
            Stack => world.random.of(&[0, 0, 1, 4096, 65_536, 1 << 20, i64::MAX as u64, u64::MAX]),
            Routine if null => 0,
            Routine => crate::scenario::routine(&mut world.random),
            Apc if world.random.percent(40) => 0,
            Apc => crate::scenario::apc(),
            ProcessId => match world.random.below(3) {
                0 => u64::from(world.random.of(&[0, u32::MAX, 0x7FFF_FFFF, 0x7FFF_FFFC])),
                _ => u64::from(std::process::id()),
            },
            ThreadId => match world.random.below(3) {
                0 => u64::from(world.random.of(&[0, u32::MAX, 0x7FFF_FFFF])),
                _ => world.thread_id,
            },
            Startup => {
                let mut bytes = [0; 104];
                bytes[0..4].copy_from_slice(&world.random.of(&[104u32, 104, 0]).to_ne_bytes());
                if world.random.percent(50) {
                    bytes[60..64].copy_from_slice(&0x100u32.to_ne_bytes());
                    for field in 0..3 {
                        let handle = self.make(world, NotPipe);
                        bytes[80 + 8 * field..88 + 8 * field].copy_from_slice(&handle.to_ne_bytes());
                    }
                }
                if null { 0 } else { self.keep(Block::input(&bytes)) }
            }
            Within => world.random.below(20) as u64,
            CharAt => u64::from(world.random.of(&[0u16, 97, 0xD800, 0xFFFF])),
            StdWhich => u64::from(world.random.of(&[-10i32 as u32, -11i32 as u32, -12i32 as u32, 0, 5])),
            Method => u64::from(world.random.of(&[0u32, 0, 1, 2, 3, u32::MAX])),
            Tls => world
                .slots
                .last()
                .copied()
                .filter(|_| world.random.percent(80))
                .unwrap_or_else(|| u64::from(world.random.of(NUMBERS))),
        }
    }

    fn some_text(world: &mut World) -> Vec<u16> {
        match world.random.below(6) {
            0 => wide("/bin/true"),
            1 => wide("-0x7fffffffffffffffffff 12"),
            2 => wide("one two,three"),
            3 => wide("gr\u{FC}\u{DF}e \u{1F600} \u{130}\u{149}"),
            4 => wide("1e400"),
            _ => Call::strange(world),
        }
    }

    fn attributes(&mut self, descriptor: u64, length: u32) -> u64 {
        let mut bytes = [0; 24];
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes[8..16].copy_from_slice(&descriptor.to_ne_bytes());
        bytes[16..20].copy_from_slice(&u32::from(length == 24).to_ne_bytes());
        self.keep(Block::input(&bytes))
    }

    fn flags_of(&mut self, world: &mut World, flags: &[u32]) -> u64 {
        let mut value = world.random.of(flags);
        match world.random.below(10) {
            0 => value = 0,
            1..4 => value |= world.random.of(flags),
            4 => value |= world.random.of(flags) | world.random.of(flags),
            5 if world.random.percent(40) => value = world.random.next() as u32,
            _ => {}
        }
        // A protection may be anything, but the fuzzer's own memory is not to become unreadable: see World::address.
        u64::from(value)
    }
}
