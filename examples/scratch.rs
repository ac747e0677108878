use mailprov::event::*;
use mailprov::fleet::*;
use mailprov::hostplay::*;
use mailprov::protocol::{frame::*, preamble, *};
use mailprov::transport::*;
use std::collections::BTreeMap;
use std::io::{Write, stdin, stdout};
use std::time::Duration;

fn agent(nonce: &str) {
    let mut out = stdout();
    preamble::write_ready(&mut out, nonce).unwrap();
    let say = |out: &mut std::io::Stdout, r: Reply| write_frame(out, &r, MAX_TO_CONTROLLER).unwrap();
    let uid = std::process::Command::new("id").arg("-u").output().unwrap();
    let uid = String::from_utf8(uid.stdout).unwrap().trim().parse().unwrap();
    say(&mut out, Reply::Hello { protocol: PROTOCOL_VERSION, version: "x".into(), uid });
    let mut input = stdin();
    while let Some(r) = read_frame::<Request>(&mut input, MAX_TO_AGENT).unwrap() {
        match r {
            Request::Begin(_) => {}
            Request::Play(p) => {
                say(&mut out, Reply::Event(Event::PlayStarted { name: p.name.clone() }));
                let exe = std::env::current_exe().unwrap().display().to_string();
                say(
                    &mut out,
                    Reply::Event(Event::Warning {
                        message: format!(
                            "{exe} PATH={:?} cwd={:?} HOME={:?} sudo={:?}",
                            std::env::var("PATH").ok(),
                            std::env::current_dir().ok(),
                            std::env::var("HOME").ok(),
                            std::env::var("SUDO_USER").ok()
                        ),
                    }),
                );
                if p.name == "sleep" {
                    std::thread::sleep(Duration::from_secs(20));
                }
                if p.name == "die" {
                    eprintln!("thread main panicked");
                    std::process::exit(101)
                }
                say(&mut out, Reply::PlayDone { failed: false });
            }
            Request::Finish => {
                say(&mut out, Reply::Bye);
                return;
            }
            _ => return,
        }
    }
    eprintln!("input ended");
    say(&mut out, Reply::Event(Event::Warning { message: "stopping by policy".into() }));
    say(&mut out, Reply::Bye);
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "agent" => return agent(&args[2]),
        "--version" => return,
        _ => {}
    }
    // MODE PLAY VARS-JSON HOST...
    let mode = if args[1] == "check" { Mode::Check } else { Mode::Apply };
    let name = args[2].clone();
    let vars: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&args[3]).unwrap();
    let hosts: Vec<String> = args[4..].to_vec();
    let mut options = ConnectionOptions::default();
    options.accept_new_host_keys = std::env::var("ACCEPT").is_ok();
    options.connect_timeout = Duration::from_secs(3);
    let connections: BTreeMap<_, _> =
        hosts.iter().map(|h| (h.clone(), ConnectionSpec::from_vars(h, &vars, &options).unwrap())).collect();
    let fleet = Fleet { connections, forks: 10, patience: Duration::from_secs(10) };
    let (tx, mut rx) = tokio::sync::mpsc::channel::<HostEvent>(100);
    let printer = tokio::spawn(async move {
        while let Some(e) = rx.recv().await {
            println!("{:>6} {} {:?}", e.at_ms, e.host, e.event);
            stdout().flush().unwrap();
        }
    });
    let spec = RunSpec {
        run_id: "r".into(),
        mode,
        host: String::new(),
        controller: "c".into(),
        command: "x".into(),
        rollback_on_failure: true,
    };
    let play = FleetPlay {
        name: name.clone(),
        batches: vec![hosts],
        max_fail_percentage: None,
        any_errors_fatal: false,
        host_play: Box::new(move |_| HostPlay {
            name: name.clone(),
            gather_facts: false,
            var_maps: vec![],
            extra_vars: serde_json::Map::new(),
            magic: serde_json::Map::new(),
            steps: vec![],
            handlers: vec![],
            files: BTreeMap::new(),
        }),
    };
    let outcome = fleet.run(FleetRun { spec, plays: vec![play] }, tx).await;
    printer.await.unwrap();
    println!("{outcome:#?}");
}
