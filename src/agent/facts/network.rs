//! Addresses and default routes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Link {
    ifname: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    mtu: u32,
    #[serde(default)]
    operstate: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    family: String,
    #[serde(default)]
    local: String,
    #[serde(default)]
    prefixlen: u8,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    broadcast: String,
}

/// `interfaces`, `default_ipv4`, `default_ipv6`, `all_ipv4_addresses`, `all_ipv6_addresses` and one fact an
/// interface, from `ip -j address show` (ip-address(8)) and the kernel's routing tables.
pub(super) fn addresses(ip_json: &[u8], route: &str, ipv6_route: &str) -> Map<String, Value> {
    let links: Vec<Link> = serde_json::from_slice(ip_json).unwrap_or_default();
    let all = |family: &str| -> Vec<String> {
        let addresses = links.iter().filter(|link| link.ifname != "lo").flat_map(|link| &link.addr_info);
        addresses.filter(|address| address.family == family).map(|address| address.local.clone()).collect()
    };
    let mut facts = Map::from_iter([
        ("interfaces".into(), json!(links.iter().map(|link| link.ifname.as_str()).collect::<Vec<_>>())),
        ("all_ipv4_addresses".into(), json!(all("inet"))),
        ("all_ipv6_addresses".into(), json!(all("inet6"))),
        ("default_ipv4".into(), json!({})),
        ("default_ipv6".into(), json!({})),
    ]);
    if let Some((interface, gateway)) = default_ipv4_route(route) {
        facts.insert("default_ipv4".into(), default_address(&links, &interface, "inet", &gateway));
    }
    if let Some(interface) = default_ipv6_interface(ipv6_route) {
        facts.insert("default_ipv6".into(), default_address(&links, &interface, "inet6", ""));
    }
    for link in &links {
        let name = link.ifname.replace(['-', ':', '.'], "_");
        facts.insert(
            name,
            json!({
                "device": link.ifname, "macaddress": link.address, "mtu": link.mtu, "active": link.operstate != "DOWN",
                "ipv4": link.addr_info.iter().find(|address| address.family == "inet").map_or(json!({}), ipv4_details),
            }),
        );
    }
    facts
}

fn default_address(links: &[Link], interface: &str, family: &str, gateway: &str) -> Value {
    let Some(link) = links.iter().find(|link| link.ifname == interface) else { return json!({}) };
    let of_family = || link.addr_info.iter().filter(|address| address.family == family);
    let Some(address) = of_family().find(|address| address.scope == "global").or_else(|| of_family().next()) else {
        return json!({});
    };
    let mut details = if family == "inet" {
        ipv4_details(address)
    } else {
        json!({"address": address.local, "prefix": address.prefixlen.to_string(), "scope": address.scope})
    };
    if let Some(map) = details.as_object_mut() {
        map.insert("interface".into(), json!(interface));
        map.insert("macaddress".into(), json!(link.address));
        map.insert("mtu".into(), json!(link.mtu));
        map.insert("gateway".into(), json!(gateway));
    }
    details
}

fn ipv4_details(address: &Address) -> Value {
    let net = address.local.parse().ok().and_then(|ip| ipnet::Ipv4Net::new(ip, address.prefixlen).ok());
    json!({
        "address": address.local,
        "broadcast": address.broadcast,
        "prefix": address.prefixlen.to_string(),
        "netmask": net.map(|net| net.netmask().to_string()).unwrap_or_default(),
        "network": net.map(|net| net.network().to_string()).unwrap_or_default(),
    })
}

/// Interface and gateway of the default route with the lowest metric (`/proc/net/route`, see proc(5):
/// addresses are hexadecimal in host byte order).
fn default_ipv4_route(table: &str) -> Option<(String, String)> {
    let routes = table.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_default = words.get(1) == Some(&"00000000") && words.get(7) == Some(&"00000000");
        let gateway = u32::from_str_radix(words.get(2)?, 16).ok()?;
        let metric: u32 = words.get(6)?.parse().ok()?;
        is_default.then(|| (metric, (*words.first().unwrap_or(&"")).to_owned(), gateway))
    });
    let (_, interface, gateway) = routes.min_by_key(|(metric, _, _)| *metric)?;
    Some((interface, std::net::Ipv4Addr::from(gateway.to_ne_bytes()).to_string()))
}

/// Interface of the IPv6 default route (`/proc/net/ipv6_route`); the kernel lists an unreachable one on `lo`.
fn default_ipv6_interface(table: &str) -> Option<String> {
    table.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let zero = words.first()?.chars().all(|c| c == '0') && words.get(1) == Some(&"00");
        let interface = *words.last()?;
        (zero && interface != "lo").then(|| interface.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::addresses;

    const LINKS: &[u8] = br#"[
      {"ifname":"lo","address":"00:00:00:00:00:00","mtu":65536,"operstate":"UNKNOWN","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
      {"ifname":"eth0","address":"52:54:00:00:00:01","mtu":1500,"operstate":"UP","addr_info":[
        {"family":"inet","local":"192.0.2.11","prefixlen":24,"scope":"global","broadcast":"192.0.2.255"},
        {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]"#;

    #[test]
    fn the_default_address_is_that_of_the_best_default_route() {
        let header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
        let gateway = format!("{:08X}", u32::from_ne_bytes([192, 0, 2, 2]));
        let table = format!(
            "{header}eth1\t00000000\t{gateway}\t0003\t0\t0\t200\t00000000\t0\t0\t0\neth0\t00000000\t{gateway}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        );
        let facts = addresses(LINKS, &table, "");
        assert_eq!(facts["default_ipv4"]["address"], "192.0.2.11");
        assert_eq!(facts["default_ipv4"]["network"], "192.0.2.0");
        assert_eq!(facts["default_ipv4"]["gateway"], "192.0.2.2");
        assert_eq!(facts["default_ipv6"], serde_json::json!({}));
        assert_eq!(facts["all_ipv4_addresses"], serde_json::json!(["192.0.2.11"]));
        assert_eq!(facts["eth0"]["ipv4"]["netmask"], "255.255.255.0");
    }

    #[test]
    fn nonsense_gives_empty_facts_and_no_panic() {
        for nonsense in ["", "x", "a b c d e f g h i\n1 2 3 4 5 6 7 8 9\n"] {
            assert_eq!(addresses(nonsense.as_bytes(), nonsense, nonsense)["default_ipv4"], serde_json::json!({}));
        }
    }
}
