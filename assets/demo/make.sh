#!/usr/bin/env bash
# Makes every audio file of the demo: two-party calls in recordings/, hunt-group messages in messages/.
# Needs espeak-ng and sox (Debian: espeak-ng sox). The texts, the voices and the mixing are described in README.md.
set -euo pipefail
cd "$(dirname "$0")"

for tool in espeak-ng sox soxi; do
  command -v "$tool" >/dev/null || { echo "make.sh: $tool is missing (Debian: apt install espeak-ng sox)" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p recordings messages

# -R seeds sox's random generators, so that a second run makes the same noise; -D leaves out dither.
quiet_sox() { sox -R -D -V1 "$@"; }

# VOICE is "name,pitch,words-per-minute". Formant voices only: the mbrola ones have terms of their own.
speak() { # OUTPUT VOICE TEXT
  local name pitch speed
  IFS=, read -r name pitch speed <<<"$2"
  espeak-ng -v "$name" -p "$pitch" -s "$speed" -w "$work/spoken.wav" "$3"
  # The same level for every voice; the silence that espeak-ng leaves at both ends goes.
  quiet_sox "$work/spoken.wav" -r 8000 -c 1 -b 16 "$1" \
    silence 1 0.01 0.15% reverse silence 1 0.01 0.15% reverse sinc 300-3400 gain -n -4
}

# The encoding of a file: what sox needs to be told, by the name used in README.md.
encoding() {
  case $1 in
    pcm) echo "-e signed-integer -b 16" ;;
    alaw) echo "-e a-law" ;;
    mulaw) echo "-e u-law" ;;
    gsm) echo "-e gsm-full-rate" ;;
    *) echo "make.sh: unknown encoding $1" >&2; exit 1 ;;
  esac
}

# Adds the noise of a telephone line (pink, 300-3400 Hz, about -52 dBFS) and writes the file in its encoding.
finish() { # SPEECH OUTPUT ENCODING
  local channels samples
  channels=$(soxi -c "$1")
  samples=$(soxi -s "$1")
  quiet_sox -r 8000 -c "$channels" -n -b 16 "$work/noise.wav" \
    synth "${samples}s" pinknoise sinc 300-3400 gain -n -40
  # shellcheck disable=SC2046 # two or three words are wanted here
  quiet_sox -m -v 1 "$1" -v 1 "$work/noise.wav" -t wav $(encoding "$3") "$2"
  printf '%s: %s, %s channel(s), %.1f s\n' "$2" "$3" "$channels" "$(soxi -D "$2")"
}

# Each side of a call is a track of its own, silent while the other speaks. `mono` mixes them, as a PBX does;
# `stereo` keeps the caller on the left and the callee on the right.
call() { # NAME ENCODING mono|stereo CALLER_VOICE CALLEE_VOICE, then lines "A: text" (caller) and "B: text" (callee)
  local name=$1 format=$2 layout=$3 caller=$4 callee=$5 line turn=0 side voice other samples
  shift 5
  local left=() right=()
  for line in "$@"; do
    turn=$((turn + 1))
    side=${line%%: *}
    if [[ $side == A ]]; then voice=$caller; else voice=$callee; fi
    speak "$work/turn.wav" "$voice" "${line#*: }"
    # People answer after a third of a second or so, not at a fixed distance.
    quiet_sox "$work/turn.wav" "$work/$turn-$side.wav" pad "0.$((31 + turn * 7 % 29))" 0
    if [[ $side == A ]]; then other=B; else other=A; fi
    samples=$(soxi -s "$work/$turn-$side.wav")
    quiet_sox -r 8000 -c 1 -n -b 16 "$work/$turn-$other.wav" trim 0 "${samples}s"
    left+=("$work/$turn-A.wav")
    right+=("$work/$turn-B.wav")
  done
  # The far end of a call arrives a little weaker.
  quiet_sox "${left[@]}" "$work/left.wav" gain -1
  quiet_sox "${right[@]}" "$work/right.wav" gain -3
  if [[ $layout == stereo ]]; then
    quiet_sox -M "$work/left.wav" "$work/right.wav" "$work/both.wav" pad 0 0.4
  else
    quiet_sox -m -v 1 "$work/left.wav" -v 1 "$work/right.wav" "$work/both.wav" pad 0 0.4
  fi
  finish "$work/both.wav" "recordings/$name.wav" "$format"
}

message() { # NAME ENCODING VOICE TEXT
  speak "$work/turn.wav" "$3" "$4"
  quiet_sox "$work/turn.wav" "$work/both.wav" pad 0.3 0.5
  finish "$work/both.wav" "messages/$1.wav" "$2"
}

anna=en-us+f3,55,168
ben=en-gb+m3,38,164
clara=en-gb-scotland+f2,60,162
david=en-us+m7,30,170
emma=en-gb-x-rp+f4,50,166
frank=en-gb-x-gbcwmd+m1,42,162

call 20191024012719-1571909237.191-4000-4001-Internal pcm mono "$anna" "$ben" \
  "A: Hi Ben, this is Anna at the front desk." \
  "B: Morning Anna, what can I do for you?" \
  "A: The courier is here for the two pallets. Are they ready?" \
  "B: Give me five minutes, then send him to gate three." \
  "A: Gate three, five minutes. Thank you."

call 20260302091514-1772442912.3-+493012345678-4000-Inbound pcm stereo "$clara" "$anna" \
  "A: Hello, I would like forty boxes of the large envelopes." \
  "B: Of course. Is that the white or the brown paper?" \
  "A: Brown, please.." \
  "B: They leave us on Thursday. The order number is seven one four two." \
  "A: Seven one four two. Lovely, thank you."

call 20260304140242-1772632960.18-4001-02079460123-Outbound pcm mono "$ben" "$emma" \
  "A: Good afternoon, you asked for a call back about your invoice." \
  "B: Yes, the March invoice lists the same item twice." \
  "A: I see it. I will cancel one line and send you a new copy today." \
  "B: That is all I needed. Goodbye."

call 20260309083107-1773045065.5-02079460958-1001-Inbound alaw mono "$frank" "$emma" \
  "A: Good morning. I need an appointment with Doctor Reed, if possible this week." \
  "B: She has Thursday at ten, or Friday at a quarter past three." \
  "A: Friday would be better for me." \
  "B: Friday the thirteenth, a quarter past three. Please bring your insurance card."

call 20260311104453-1773225891.44-1003-1001-Internal alaw mono "$david" "$emma" \
  "A: Emma, is the small meeting room free at two?" \
  "B: Until three, yes. Shall I book it for you?" \
  "A: Please do. We are four people and need the screen." \
  "B: Done. It is in your calendar."

call 20260316132035-1773667233.61-4000-02079460301-Outbound alaw mono "$anna" "$frank" \
  "A: Hello, I am calling about the van that was due at noon." \
  "B: He is stuck behind an accident on the ring road. Half past two at the latest." \
  "A: Could you ask the driver to ring us ten minutes before?" \
  "B: I will tell him right now."

call 20260318160511-1773849909.90-12025550147-4001-Inbound mulaw stereo "$david" "$ben" \
  "A: Hi, my desk phone says no service since this morning." \
  "B: Let us have a look. Is the light next to the socket green?" \
  "A: No, it is dark." \
  "B: Then please move the cable to the next socket and wait a moment." \
  "A: It is starting. Yes, now I have a dial tone!"

call 20260323075829-1774252707.12-1001-12025550163-Outbound mulaw mono "$emma" "$david" \
  "A: Good morning, I am calling to confirm your appointment for tomorrow at nine." \
  "B: Thanks for the reminder. Could we make it half past nine?" \
  "A: Half past nine is free. I have moved it for you."

call 20260325153650-1774453008.27-12025550182-1003-Inbound mulaw mono "$clara" "$david" \
  "A: Hello, I left an umbrella in your waiting room yesterday." \
  "B: What does it look like?" \
  "A: Dark blue, with a wooden handle." \
  "B: It is here. We are open until six."

call 20170901181806-1504261084.7-1001-1003-Internal gsm mono "$emma" "$david" \
  "A: David, your two o'clock visitor is at reception." \
  "B: She is early! Could you offer her a coffee?" \
  "A: Already done. She is reading the newspaper." \
  "B: You are the best. I will be down in five minutes."

call 20260330111204-1774869122.33-02079460777-4000-Inbound gsm mono "$frank" "$anna" \
  "A: I want to return a printer. It pulls in three sheets at once." \
  "B: I am sorry to hear that. Do you still have the receipt?" \
  "A: Yes, from the twentieth of March." \
  "B: Then we send you a new one, and the driver takes the old one with him."

call 20260402122757-1775132875.8-4001-4000-Internal gsm mono "$ben" "$anna" \
  "A: Anna, how many boxes of brown envelopes did we promise for today?" \
  "B: Forty, order seven one four two." \
  "A: I count thirty eight." \
  "B: Two are on my desk. I will bring them down."

message example pcm "$emma" \
  "Welcome to Example Trading. All our colleagues are on the phone. Please stay on the line, and we will be with you shortly."
message sales alaw "$anna" \
  "You have reached the sales team. Calls are recorded for training. Please have your order number ready."
message after-hours mulaw "$clara" \
  "Our office is closed. We are here from Monday to Friday, nine to half past five. Please call again then."
message please-hold gsm "$ben" \
  "Thank you for waiting. You are next in line."
