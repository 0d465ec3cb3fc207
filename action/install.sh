#!/usr/bin/env bash
# Installs `allot`: the archive of a release, if its checksum is the one recorded here, or this action's commit from source.
#
# Exit: 2 wrong inputs or no checksum, 3 it could not be downloaded, is not what was recorded, or could not be built.
set -euo pipefail

fail() {
    printf '::error title=allot is not installed::%s\n' "$2"
    exit "$1"
}

home=$RUNNER_TEMP/allotment
bin=$home/bin
mkdir -p "$bin"
program=allot
[[ $RUNNER_OS != Windows ]] || program=allot.exe

target() {
    case "$RUNNER_OS-$RUNNER_ARCH" in
    Linux-X64) echo x86_64-unknown-linux-gnu ;;
    Linux-ARM64) echo aarch64-unknown-linux-gnu ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) fail 2 "there is no binary for this machine; say \`install: source\`" ;;
    esac
}

digest() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    fi
}

# The digest that is recorded for an archive, in lower case; empty where there is none.
recorded() {
    if [ -n "$INPUT_CHECKSUM" ]; then
        printf '%s\n' "$INPUT_CHECKSUM"
    else
        awk -v name="$1" '$2 == name { print $1 }' "$GITHUB_ACTION_PATH/action/checksums.txt"
    fi | tr 'A-F' 'a-f'
}

from_release() {
    local version=$INPUT_VERSION machine archive wanted url file found
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail 2 "\`version\` must be a version such as 0.1.0"
    machine=$(target)
    archive=allot-$version-$machine.tar.gz
    wanted=$(recorded "$archive")
    [[ -n $wanted ]] ||
        fail 2 "this commit of the action records no checksum for $archive; use the action at a commit that does, give \`checksum\`, or say \`install: source\`"
    [[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail 2 "\`checksum\` must be 64 hexadecimal digits"
    url=${INPUT_RELEASE_URL:-$GITHUB_SERVER_URL/${ACTION_REPOSITORY:-$GITHUB_REPOSITORY}/releases/download/v$version}
    file=$home/$archive
    # What is at the address is not trusted, the checksum is; the bounds keep a wrong address from filling the disk.
    curl --fail --silent --show-error --location --proto-redir '=https' --connect-timeout 20 --max-time 300 \
        --max-filesize 200000000 --retry 3 --output "$file" -- "${url%/}/$archive" ||
        fail 3 "$archive could not be downloaded; run it again, or say \`install: source\`"
    found=$(digest "$file")
    if [[ $found != "$wanted" ]]; then
        rm -f "$file"
        fail 3 "$archive is not what was recorded: its SHA-256 is $found, and it should be $wanted"
    fi
    # By name inside the folder: a path with a drive letter is a host to tar on Windows.
    (cd "$home" && tar -xzf "$archive" -C bin "$program") || fail 3 "$archive holds no \`$program\`"
    rm -f "$file"
}

from_source() {
    command -v cargo >/dev/null || fail 3 "\`install: source\` needs Rust and a C compiler on the runner"
    # From the action's own folder: a toolchain file in the workspace has no say in what is built, nor with what.
    (cd "$GITHUB_ACTION_PATH" && cargo install --locked --quiet --path "$GITHUB_ACTION_PATH" --root "$home" >&2) ||
        fail 3 "\`allot\` could not be built from source"
}

case "$INPUT_INSTALL" in
release) from_release ;;
source) from_source ;;
*) fail 2 "\`install\` must be \`release\` or \`source\`" ;;
esac

allot=$bin/$program
"$allot" --version || fail 3 "what was installed does not run here"
printf 'allot=%s\n' "$allot" >>"$GITHUB_OUTPUT"
printf '%s\n' "$bin" >>"$GITHUB_PATH"
