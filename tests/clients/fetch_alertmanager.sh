#!/usr/bin/env bash
# fetch_alertmanager.sh FOLDER: Debian's Alertmanager unpacked into FOLDER, without installing a service. Prints the path of the binary, which
# finds its templates when FOLDER is the working directory.
set -euo pipefail

fetch_alertmanager() {
    local folder=$1 binary=$1/usr/bin/prometheus-alertmanager
    if [ ! -x "$binary" ]; then
        mkdir -p "$folder"
        (
            cd "$folder"
            apt-get -o APT::Sandbox::User=root -o Acquire::Retries=3 download -q prometheus-alertmanager >&2
            dpkg-deb -x prometheus-alertmanager_*.deb .
            rm prometheus-alertmanager_*.deb
            # Debian's build opens its templates by an absolute path. Of the same length, relative to FOLDER:
            sed -i 's|/usr/share/prometheus/alertmanager|usr//share/prometheus/alertmanager|g' usr/bin/prometheus-alertmanager
        )
    fi
    printf '%s\n' "$binary"
}

fetch_alertmanager "${1:?the folder to unpack into}"
