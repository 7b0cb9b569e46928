//! `completions` and `man`: documentation for shells and for `man`, generated from the command line.

use std::io::{self, Write};

use clap_complete::Shell;

use crate::failure::Failure;

/// Print a completion script for a shell.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce completions bash > /etc/bash_completion.d/commerce")]
pub struct Completions {
    /// Print the script for this shell.
    shell: Shell,
}

impl Completions {
    /// Prints the script for this command line.
    pub fn run(&self, mut program: clap::Command) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, "commerce", &mut text);
        Ok(io::stdout().write_all(&text)?)
    }
}

/// Prints the manual page of the program, then of each command.
pub fn man(mut program: clap::Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    program.build();
    write_pages(&program, &mut text)?;
    Ok(io::stdout().write_all(&text)?)
}

fn write_pages(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)?;
    let is_own = |command: &&clap::Command| command.get_name() != "help";
    command.get_subcommands().filter(is_own).try_for_each(|command| write_pages(command, text))
}
