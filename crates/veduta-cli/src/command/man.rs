//! `veduta man`: the manual page, every verb in it, for `veduta man > veduta.1`.

use crate::cli::Cli;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::output;
use clap::CommandFactory;
use clap_mangen::Man;
use std::io;

pub(crate) fn run() -> Outcome {
    let page = page().map_err(crate::failure::Failure::output)?;
    output::print(|out| out.write_all(&page))?;
    Ok(ExitCode::Done)
}

fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let man = Man::new(verb.clone());
        page.extend(format!(".SH VEDUTA {}\n", verb.get_name().to_uppercase()).bytes());
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    Ok(page)
}
