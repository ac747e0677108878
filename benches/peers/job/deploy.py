"""The job of site.yaml for pyinfra."""

from pyinfra import host
from pyinfra.operations import dnf, files, server, systemd

server.hostname(name="Host name", hostname=f"{host.name}.mydomain.local")
dnf.packages(name="Packages", packages=["postfix"])
files.directory(name="Folder of tables", path="/etc/postfix/tables", user="root", group="root", mode="755")
addresses = files.put(
    name="Addresses",
    src="files/generic",
    dest="/etc/postfix/tables/generic",
    user="root",
    group="root",
    mode="644",
)
settings = files.template(
    name="Settings",
    src="templates/main.cf.j2",
    dest="/etc/postfix/main.cf",
    user="root",
    group="root",
    mode="644",
    inventory_hostname=host.name,
    message_size_limit=host.data.message_size_limit,
)
aliases = files.line(
    name="Mail of root", path="/etc/aliases", line="^root:.*$", replace="root: postmaster@mydomain.local"
)
systemd.service(name="Service", service="postfix.service", running=True, enabled=True)
server.shell(
    name="Make the table", commands=["postmap /etc/postfix/tables/generic"], _if=addresses.did_change
)
server.shell(name="Make the aliases", commands=["newaliases"], _if=aliases.did_change)
systemd.service(name="Reload", service="postfix.service", reloaded=True, _if=settings.did_change)
