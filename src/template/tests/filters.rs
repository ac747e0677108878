//! Filters and tests give what Ansible gives.

use serde_json::json;

use super::{assert_values, eval};

#[test]
fn defaults_and_conversions() {
    assert_values(&[
        ("missing | default('x')", json!("x")),
        ("missing | d(5)", json!(5)),
        ("missing | default", json!("")),
        ("empty | default('x')", json!("")),
        ("empty | default('x', true)", json!("x")),
        ("empty | default('x', boolean=true)", json!("x")),
        ("name | default(missing)", json!("mail.example.com")),
        ("missing.a.b | default('x')", json!("x")),
        ("missing['a'][0].b | default('x')", json!("x")),
        ("map.zz.b | default('x')", json!("x")),
        ("map.a | ansible.builtin.default('x')", json!(2)),
        ("missing.a | ansible.builtin.default('x')", json!("x")),
        ("name | mandatory", json!("mail.example.com")),
        ("'yes' | bool", json!(true)),
        ("'On' | bool", json!(true)),
        ("'no' | bool", json!(false)),
        ("1 | bool", json!(true)),
        ("'2' | bool", json!(false)),
        ("nil | bool", json!(null)),
        ("yes | ternary('a', 'b')", json!("a")),
        ("no | ternary('a', 'b')", json!("b")),
        ("nil | ternary('a', 'b', 'c')", json!("c")),
        ("'42' | int", json!(42)),
        ("' 42 ' | int", json!(42)),
        ("'x' | int", json!(0)),
        ("'x' | int(7)", json!(7)),
        ("'1f' | int(base=16)", json!(31)),
        ("'1.5' | float", json!(1.5)),
        ("'x' | float", json!(0.0)),
        ("n | string", json!("5")),
        ("yes | string", json!("True")),
        ("n | type_debug", json!("int")),
        ("list | type_debug", json!("list")),
        ("map | type_debug", json!("dict")),
        ("name | type_debug", json!("str")),
        ("nil | type_debug", json!("NoneType")),
    ]);
}

#[test]
fn regular_expressions() {
    assert_values(&[
        (r"name | regex_replace('^([^.]+)\\.(.*)$', '\\2 \\1')", json!("example.com mail")),
        (r"name | regex_replace('(?P<host>^[a-z]+)', '<\\g<host>>')", json!("<mail>.example.com")),
        (r"name | regex_replace('(?P<a>m)', '\\g<1>\\g<1>')", json!("mmail.exammple.comm")),
        ("'aXbx' | regex_replace('x', '-', ignorecase=true)", json!("a-b-")),
        ("'aaa' | regex_replace('a', 'b', count=2)", json!("bba")),
        (r"'a\nb' | regex_replace('^', '> ', multiline=true)", json!("> a\n> b")),
        ("'abc' | regex_replace('b')", json!("ac")),
        ("'abc' | regex_replace('x*', '-')", json!("-a-b-c-")),
        (r"'x1' | regex_replace('(\\d)', '\1')", json!("x1")),
        ("name | regex_search('[a-z]+$')", json!("com")),
        (r"name | regex_search('(\\w+)\\.(\\w+)', '\\2', '\\1')", json!(["example", "mail"])),
        ("name | regex_search('zzz')", json!(null)),
        ("'NAME' | regex_search('name', ignorecase=true)", json!("NAME")),
        ("'a1b22' | regex_findall('[0-9]+')", json!(["1", "22"])),
        ("'a1b22' | regex_findall('[a-z]([0-9]+)')", json!(["1", "22"])),
        ("'a1b22' | regex_findall('([a-z])([0-9]+)')", json!([["a", "1"], ["b", "22"]])),
        ("'a.b-c' | regex_escape", json!("a\\.b\\-c")),
        ("'a.b+c' | regex_escape('posix_basic')", json!("a\\.b+c")),
        ("name is match('mail')", json!(true)),
        ("name is match('example')", json!(false)),
        ("name is search('example')", json!(true)),
        ("name is regex('^mail')", json!(true)),
        ("name is match('a|mail')", json!(true)),
        ("name is regex('mail', match_type='fullmatch')", json!(false)),
        ("list | select('match', '[ab]') | list", json!(["b", "a"])),
    ]);
    let error = eval(r"'a' | regex_replace('a(?=b)', '')", &json!({})).unwrap_err();
    assert!(error.message.contains("look-around"), "{error}");
    assert!(eval(r"'a' | regex_replace('a', '\\1')", &json!({})).unwrap_err().message.contains("no group 1"));
    assert!(eval("'a' | regex_replace('(')", &json!({})).is_err());
}

#[test]
fn text_and_paths() {
    assert_values(&[
        ("'A b' | lower ~ ('c' | upper)", json!("a bC")),
        ("yes | lower", json!("true")),
        ("' a ' | trim", json!("a")),
        ("'a-b' | replace('-', '+')", json!("a+b")),
        ("'a,b' | split(',')", json!(["a", "b"])),
        ("list | join(',')", json!("b,a,c")),
        ("hosts | join('+', attribute='name')", json!("mx1+mx2")),
        ("[1, true, none] | join(' ')", json!("1 True None")),
        ("'a b' | quote", json!("'a b'")),
        ("'a' | quote", json!("a")),
        ("'/etc/postfix/main.cf' | basename", json!("main.cf")),
        ("'/etc/postfix/main.cf' | dirname", json!("/etc/postfix")),
        ("'main.cf' | splitext", json!(["main", ".cf"])),
        ("['/etc', 'postfix', 'main.cf'] | path_join", json!("/etc/postfix/main.cf")),
        ("'managed' | comment", json!("#\n# managed\n#")),
        ("'a\n\nb' | comment('c')", json!("//\n// a\n//\n// b\n//")),
        ("'a' | comment('cblock')", json!("/*\n *\n * a\n *\n */")),
        ("'%s:%d' | format('a', 5)", json!("a:5")),
        ("name.split('.')[0]", json!("mail")),
        ("name.startswith('mail')", json!(true)),
        ("name.endswith(('.com', '.org'))", json!(true)),
        ("'a-{}'.format(n)", json!("a-5")),
        ("' x'.strip().upper()", json!("X")),
    ]);
}

#[test]
fn lists_and_mappings() {
    assert_values(&[
        ("list | sort", json!(["a", "b", "c"])),
        ("list | first ~ (list | last)", json!("bc")),
        ("list | length", json!(3)),
        ("(list + ['A']) | unique", json!(["b", "a", "c"])),
        ("[3, 1] | min + [3, 1] | max", json!(4)),
        ("hosts | map(attribute='name')", json!(["mx1", "mx2"])),
        ("list | map('upper')", json!(["B", "A", "C"])),
        ("hosts | selectattr('up', 'defined') | map(attribute='name')", json!(["mx1"])),
        ("hosts | rejectattr('prio', 'gt', 10) | map(attribute='name')", json!(["mx1"])),
        ("hosts | sort(attribute='prio', reverse=true) | map(attribute='name') | first", json!("mx2")),
        ("[1, 2, 3] | reject('odd')", json!([2])),
        ("'ab' | list", json!(["a", "b"])),
        ("map | list", json!(["b", "a"])),
        ("map | dict2items", json!([{"key": "b", "value": 1}, {"key": "a", "value": 2}])),
        ("map | dict2items(key_name='k', value_name='v') | first", json!({"k": "b", "v": 1})),
        ("hosts | items2dict(key_name='name', value_name='prio')", json!({"mx1": 10, "mx2": 20})),
        ("map | combine({'a': 3, 'c': 4})", json!({"b": 1, "a": 3, "c": 4})),
        ("{'a': {'x': 1}} | combine({'a': {'y': 2}})", json!({"a": {"y": 2}})),
        ("{'a': {'x': 1}} | combine({'a': {'y': 2}}, recursive=true)", json!({"a": {"x": 1, "y": 2}})),
        ("{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='append_rp')", json!({"a": [1, 2, 3]})),
        ("[{'a': 1}, {'b': 2}] | combine", json!({"a": 1, "b": 2})),
        ("nested | flatten", json!([1, 2, 3, 4])),
        ("nested | flatten(levels=1)", json!([1, 2, [3, null], 4])),
        ("nested | flatten(skip_nulls=false)", json!([1, 2, 3, null, 4])),
        ("[1, 2, 2] | difference([1])", json!([2])),
        ("[1, 2, 3] | intersect([3, 1])", json!([1, 3])),
        ("[1, 2] | union([2, 3])", json!([1, 2, 3])),
        ("[1, 2] | symmetric_difference([2, 3])", json!([1, 3])),
        ("['a', 'b'] | zip([1, 2, 3])", json!([["a", 1], ["b", 2]])),
        ("range(1, 6, 2) | list", json!([1, 3, 5])),
        ("['a'] | map('extract', map)", json!([2])),
        ("dict(list | zip([1, 2, 3]))", json!({"b": 1, "a": 2, "c": 3})),
        ("map.items() | list", json!([["b", 1], ["a", 2]])),
        ("map.keys() | list", json!(["b", "a"])),
        ("map.get('zz', 7)", json!(7)),
        ("map.get('zz')", json!(null)),
        ("[4, 5][1:]", json!([5])),
    ]);
}

#[test]
fn encodings() {
    assert_values(&[
        ("map | to_json", json!("{\"b\": 1, \"a\": 2}")),
        ("['é', '😀'] | to_json", json!("[\"\\u00e9\", \"\\ud83d\\ude00\"]")),
        ("['é'] | to_json(ensure_ascii=false)", json!("[\"é\"]")),
        ("map | to_nice_json", json!("{\n    \"a\": 2,\n    \"b\": 1\n}")),
        ("map | to_nice_json(indent=2, sort_keys=false)", json!("{\n  \"b\": 1,\n  \"a\": 2\n}")),
        ("'{\"a\": [1]}' | from_json", json!({"a": [1]})),
        ("map | to_yaml", json!("{a: 2, b: 1}\n")),
        ("{'x': {'y': ['z']}} | to_nice_yaml", json!("x:\n    y:\n    - z\n")),
        ("'häh' | b64encode", json!("aMOkaA==")),
        ("'aMOkaA==' | b64decode", json!("häh")),
        ("'a' | hash('sha256')", json!("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")),
    ]);
    for source in ["'{' | from_json", "'*' | b64decode", "'/w==' | b64decode", "'a' | hash('crc')"] {
        assert!(eval(source, &json!({})).is_err(), "{source}");
    }
}

#[test]
fn addresses() {
    assert_values(&[
        ("'192.0.2.1' | ipaddr", json!("192.0.2.1")),
        ("'192.0.2.1/24' | ipaddr", json!("192.0.2.1/24")),
        ("'mail' | ipaddr", json!(false)),
        ("'192.0.2.300' | ipaddr", json!(false)),
        ("'192.0.2.1/24' | ipaddr('address')", json!("192.0.2.1")),
        ("'192.0.2.0/24' | ipaddr('address')", json!(false)),
        ("'192.0.2.0/31' | ipaddr('address')", json!("192.0.2.0")),
        ("'192.0.2.1/24' | ipaddr('network')", json!("192.0.2.0")),
        ("'192.0.2.1/24' | ipaddr('netmask')", json!("255.255.255.0")),
        ("'192.0.2.1/255.255.255.0' | ipaddr('prefix')", json!(24)),
        ("'192.0.2.1/24' | ipaddr('network/prefix')", json!("192.0.2.0/24")),
        ("'192.0.2.1/24' | ipaddr('broadcast')", json!("192.0.2.255")),
        ("'192.0.2.0/24' | ipaddr('size')", json!(256)),
        ("'192.0.2.1' | ipaddr('revdns')", json!("1.2.0.192.in-addr.arpa.")),
        (
            "'2001:db8::1' | ipaddr('revdns')",
            json!("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        ),
        ("'2001:db8::1' | ipv6", json!("2001:db8::1")),
        ("'2001:db8::1' | ipv4", json!(false)),
        ("'2001:db8::1' | ipaddr('wrap')", json!("[2001:db8::1]")),
        ("'10.0.0.1' | ipaddr('private')", json!("10.0.0.1")),
        ("'10.0.0.1' | ipaddr('public')", json!(false)),
        ("'8.8.8.8' | ansible.utils.ipaddr('public')", json!("8.8.8.8")),
        ("'192.0.2.7' | ipaddr('192.0.2.0/24')", json!("192.0.2.7")),
        ("'198.51.100.7' | ipaddr('192.0.2.0/24')", json!(false)),
        ("['192.0.2.1', 'x', '::1'] | ipv4", json!(["192.0.2.1"])),
        ("['192.0.2.1/24', '::1'] | ipaddr('prefix')", json!([24, 128])),
        ("'::/0' | ipaddr('prefix')", json!(0)),
    ]);
    assert!(eval("'192.0.2.1' | ipaddr('nonsense')", &json!({})).is_err());
}

#[test]
fn tests_of_values() {
    assert_values(&[
        ("'8.10' is version('8.4', '>=')", json!(true)),
        ("'8.10' is version('8.4', '<')", json!(false)),
        ("'3.5.8' is version_compare('3.5.8')", json!(true)),
        ("'8' is ansible.builtin.version('9', 'lt')", json!(true)),
        ("name is defined and missing is undefined", json!(true)),
        ("missing is not defined", json!(true)),
        ("missing.a.b is defined", json!(false)),
        ("map['b'] is defined", json!(true)),
        ("map['zz'].q is defined", json!(false)),
        ("nil is none", json!(true)),
        ("map is mapping and list is sequence and name is string and n is number", json!(true)),
        ("'x' is truthy and '' is falsy", json!(true)),
        ("'no' is truthy", json!(true)),
        ("'no' is truthy(convert_bool=true)", json!(false)),
        ("result is succeeded and result is changed and result is not failed", json!(true)),
        ("broken is failed and result is not skipped", json!(true)),
        ("result is success", json!(true)),
        ("'b' in list and 'zz' not in list", json!(true)),
        ("'b' in map", json!(true)),
        ("list is contains('a')", json!(true)),
        ("['a'] is subset(list) and list is superset(['a'])", json!(true)),
        ("[true, 1] is all and [false, 1] is any", json!(true)),
        ("n is in [4, 5]", json!(true)),
        ("n == 5 and not (n < 5) or false", json!(true)),
    ]);
    assert!(eval("name is failed", &json!({"name": "x"})).is_err());
}
