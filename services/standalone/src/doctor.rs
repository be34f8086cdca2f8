//! `sluicegate doctor`: what `up` would use on this machine and what is missing, without starting or changing anything.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use sluicegate_standalone::Options;
use sluicegate_standalone::postgres::account::Account;
use sluicegate_standalone::postgres::locate;

/// One finding: whether it is fine, what it is about, and what was found.
struct Finding {
    fine: bool,
    about: &'static str,
    found: String,
}

/// Writes one line per finding to `out`; whether all is well.
pub(crate) fn examine(options: &Options, out: &mut impl Write) -> std::io::Result<bool> {
    let mut findings = vec![data_directory(&options.data_dir)];
    findings.extend(postgres(options));
    findings.push(web(&options.web_dir));
    findings.push(address("dashboard", options.listen));
    findings.push(address("inference", options.inference_listen));
    findings.push(address("admin", options.admin_listen));
    for finding in &findings {
        let mark = if finding.fine { "ok" } else { "!!" };
        writeln!(out, "{mark:<4}{:<12}{}", finding.about, finding.found)?;
    }
    Ok(findings.iter().all(|finding| finding.fine))
}

fn data_directory(path: &Path) -> Finding {
    let found = if path.join("master.key").exists() {
        format!("{} (in use since an earlier run)", path.display())
    } else {
        format!("{} (made by the first run)", path.display())
    };
    Finding {
        fine: true,
        about: "data",
        found,
    }
}

fn postgres(options: &Options) -> Vec<Finding> {
    let account = match Account::for_child(options.postgres.user.as_deref()) {
        Ok(account) => account,
        Err(error) => {
            return vec![Finding {
                fine: false,
                about: "postgres",
                found: error.to_string(),
            }];
        }
    };
    let user = account
        .as_ref()
        .map_or_else(String::new, |account| format!(", run as user {}", account.name()));
    match locate::installations(options.postgres.bin.as_deref(), account.as_ref()) {
        Ok(usable) => usable
            .into_iter()
            .map(|one| Finding {
                fine: true,
                about: "postgres",
                found: format!("{} in {}{user}", one.version, one.bin.display()),
            })
            .collect(),
        Err(error) => vec![Finding {
            fine: false,
            about: "postgres",
            found: error.to_string(),
        }],
    }
}

fn web(path: &Path) -> Finding {
    let fine = path.join("index.html").exists();
    let found = if fine {
        path.display().to_string()
    } else {
        format!("{} is not built", path.display())
    };
    Finding {
        fine,
        about: "web app",
        found,
    }
}

fn address(about: &'static str, address: SocketAddr) -> Finding {
    let found = match TcpListener::bind(address) {
        Ok(_) => {
            return Finding {
                fine: true,
                about,
                found: format!("{address} is free"),
            };
        }
        Err(error) => format!("{address}: {error}"),
    };
    Finding {
        fine: false,
        about,
        found,
    }
}
