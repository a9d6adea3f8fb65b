#!/usr/bin/env bash
# Trains the decoder that is built into the library, on photographs from Debian 12's packages.
# Usage: train-decoder.sh [DECODER_FILE]   (default: src/quality/shipped_decoder.safetensors)
# Uses $GRADSPACE (default: build/release/bin/gradspace) and $PHOTOS, a folder to unpack into
# (default: build/photographs). What the packages hold besides are drawings and renderings.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-src/quality/shipped_decoder.safetensors}
gradspace=${GRADSPACE:-build/release/bin/gradspace}
photos=${PHOTOS:-build/photographs}

packages=(lomiri-wallpapers-16.04=20.04.0-2 lomiri-wallpapers-20.04=20.04.0-2
  mate-backgrounds=1.26.0-1 plasma-workspace-wallpapers=4:5.27.5-2)

lomiri_16=(Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Picture_0B_by_freespace
  Picture_1A_by_freespace Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich
  friends_by_Aitzol_Berasategi greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi
  picosdeeuropa_by_Aitzol_Berasategi seeding_by_Clements_Engelhardt sunset_by_Aitzol_Berasategi)
lomiri_20=(Kleiber_by_Lukas_Baubkus)
mate=(Aqua Blinds Dune Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood YellowFlower)
plasma=(BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite OneStandsOut
  Path)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "downloading ${packages[*]}" >&2
(cd "$work" && apt-get download -qq "${packages[@]}")
for package in "$work"/*.deb; do
  dpkg-deb --extract "$package" "$work/root"
done

# The names decide which places patches are drawn from.
rm -rf "$photos"
mkdir -p "$photos"
share=$work/root/usr/share
for name in "${lomiri_16[@]}" "${lomiri_20[@]}"; do
  cp "$share/backgrounds/$name.jpg" "$photos/"
done
for name in "${mate[@]}"; do
  cp "$share/backgrounds/mate/nature/$name.jpg" "$photos/"
done
for name in "${plasma[@]}"; do
  cp "$share/wallpapers/$name/contents/images/2560x1600.jpg" "$photos/$name.jpg"
done

"$gradspace" iqa-train --photos "$photos" --out "$out" --resume ${THREADS:+--threads "$THREADS"}
