// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent generate`: manual pages and completions, from the command line's description.

use clap::CommandFactory as _;

use crate::cli::{Cli, GenerateArgs};
use crate::error::Error;
use crate::manual::MANUAL;

pub(super) fn run(args: &GenerateArgs) -> Result<String, Error> {
    let files = args.what.write(Cli::command(), &MANUAL, &args.folder);
    let files = files.map_err(|source| Error::File { path: args.folder.clone(), source })?;
    Ok(files
        .iter()
        .map(|file| format!("{}\n", lvs_term::printable(&file.display().to_string())))
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::config;

    /// Each key is on the page of the file, and its examples can be used.
    #[test]
    fn the_page_of_the_file_has_all_keys() {
        let page = include_str!("../../man/rs-agent.toml.5").replace("\\-", "-");
        for key in config::keys() {
            assert!(page.contains(&format!("\n.B {key}\n")), "rs-agent.toml(5) has no {key}");
        }
        let keys = page.lines().skip_while(|line| *line != ".SH KEYS");
        let keys = keys.take_while(|line| *line != ".SH EXAMPLES").collect::<Vec<_>>();
        for pair in keys.windows(2).filter(|pair| pair[0] == ".TP") {
            let key = pair[1].trim_start_matches(".B ");
            assert!(config::keys().iter().any(|known| known == key), "{key} is no key");
        }
        let examples: Vec<&str> = page.split(".EX\n").skip(1).collect();
        assert_eq!(examples.len(), 3);
        for example in examples {
            let text = example.split(".EE").next().unwrap_or_default();
            config::parse(text).unwrap_or_else(|faults| panic!("{text}\n{faults:#?}"));
        }
    }
}
