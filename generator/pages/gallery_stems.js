"use strict";
// Audio of the parts of the song that plays, each with a gain of its own. The song's own audio goes on without sound, and
// says when to begin, to stop and to seek, and where the song is. Stretches of the parts' sound are one audio (stems.py).
const audio = at("audio");
const STEM_SAMPLES_PER_SECOND = 24000;
const MOST_SECONDS_APART = 0.08;
// Within this time a part is muted, without a click.
const FADE_SECONDS = 0.01;

const mixer = { song: null, context: null, volume: null, buffer: null, stretches: [], gains: [], sources: [], began: 0 };

// Until a part is muted or soloed a song's own audio is heard, and then its parts.
async function hear(song) {
  if (song !== state.current || !song.audio) return;
  if (mixer.song === song) setGains();
  else if (isWhole(song)) closeMixer();
  else await openMixer(song);
}

// A song that begins with muted parts is silent until these are ready.
function hearNext(song) {
  if (mixer.song === song) return;
  closeMixer();
  audio.muted = !isWhole(song);
  hear(song);
}

function closeMixer() {
  stopStems();
  [mixer.song, mixer.buffer] = [null, null];
  audio.muted = false;
}

async function openMixer(song) {
  mixer.song = song;
  try {
    const { sound, stretches } = await readParts(song);
    mixer.context = mixer.context || new AudioContext({ sampleRate: STEM_SAMPLES_PER_SECOND });
    mixer.volume = mixer.volume || new GainNode(mixer.context, { gain: audio.volume });
    mixer.volume.connect(mixer.context.destination);
    const buffer = await mixer.context.decodeAudioData(bytesOf(sound));
    if (mixer.song !== song) return;
    [mixer.buffer, mixer.stretches] = [buffer, stretches];
    connect();
  } catch {
    if (mixer.song !== song) return;
    closeMixer();
    showUnread(song);
  }
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

function connect() {
  for (const gain of mixer.gains) gain.disconnect();
  mixer.gains = mixer.song.parts.map(() => new GainNode(mixer.context, { gain: 0 }));
  for (const gain of mixer.gains) gain.connect(mixer.volume);
  setGains();
  audio.muted = true;
  startStems();
}

function setGains() {
  mixer.gains.forEach((gain, number) => {
    gain.gain.setTargetAtTime(Number(isHeard(mixer.song, mixer.song.parts[number])), mixer.context.currentTime, FADE_SECONDS);
  });
}

// The song's own audio makes no sound meanwhile, but its volume is that of the parts.
function setVolume(volume) {
  audio.volume = volume;
  if (mixer.volume) mixer.volume.gain.setTargetAtTime(volume, mixer.context.currentTime, FADE_SECONDS);
}

// ---- In step with the song's own audio ----

// Time from when a sample is rendered to when it is heard.
const latency = () => mixer.context.outputLatency || mixer.context.baseLatency || 0;

function startStems() {
  stopStems();
  if (!mixer.buffer || audio.paused || audio.seeking) return;
  mixer.context.resume();
  mixer.began = mixer.context.currentTime - audio.currentTime - latency();
  const now = mixer.context.currentTime;
  const to = mixer.stretches.filter(([, begin, , length]) => mixer.began + begin + length > now);
  mixer.sources = to.map(([part, begin, at, length]) => {
    const source = new AudioBufferSourceNode(mixer.context, { buffer: mixer.buffer });
    const late = Math.max(now - mixer.began - begin, 0);
    source.connect(mixer.gains[part]);
    source.start(mixer.began + begin + late, at + late, length - late);
    return source;
  });
}

function stopStems() {
  for (const source of mixer.sources) source.disconnect();
  mixer.sources = [];
}

// How many seconds the parts are ahead of the song's own audio.
const ahead = () => mixer.context.currentTime - mixer.began - latency() - audio.currentTime;

function keepInStep() {
  if (mixer.sources.length && Math.abs(ahead()) > MOST_SECONDS_APART) startStems();
}

audio.addEventListener("playing", startStems);
audio.addEventListener("seeked", startStems);
for (const name of ["pause", "seeking", "waiting", "ended"]) audio.addEventListener(name, stopStems);
audio.addEventListener("timeupdate", keepInStep);
