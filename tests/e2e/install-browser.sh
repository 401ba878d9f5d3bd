# Makes sure that there is a Chromium for the end-to-end tests; says plainly what to do where it cannot.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=no; fi
  if [ "$as_root" != no ]; then
    echo "Installing Chromium for the end-to-end tests (apt-get install chromium)."
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
  fi
fi
echo "The end-to-end tests need Chromium: please install it (Debian and Ubuntu: apt-get install chromium)." >&2
exit 1
