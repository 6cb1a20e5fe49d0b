"""Recordings of every format, depth and kind of damage, made of one sentence."""

import struct
from pathlib import Path

import numpy
import soundfile
import soxr

RATE = 16_000
PLAIN = [
    ("u8.wav", "WAV", "PCM_U8", 16_000), ("narrow.wav", "WAV", "PCM_16", 8_000), ("pcm16.wav", "WAV", "PCM_16", 11_025),
    ("pcm16-22.wav", "WAV", "PCM_16", 22_050), ("pcm24.wav", "WAV", "PCM_24", 44_100),
    ("pcm32.wav", "WAV", "PCM_32", 48_000), ("float.wav", "WAV", "FLOAT", 96_000),
    ("double.wav", "WAV", "DOUBLE", 32_000), ("ulaw.wav", "WAV", "ULAW", 16_000), ("alaw.wav", "WAV", "ALAW", 16_000),
    ("adpcm.wav", "WAV", "IMA_ADPCM", 16_000), ("gsm.wav", "WAV", "GSM610", 16_000),
    ("wavex.wav", "WAVEX", "PCM_24", 192_000), ("rf64.wav", "RF64", "PCM_16", 16_000),
    ("big.w64", "W64", "PCM_16", 16_000), ("sun.au", "AU", "PCM_16", 16_000), ("apple.aiff", "AIFF", "PCM_16", 44_100),
    ("apple24.aif", "AIFF", "PCM_24", 48_000), ("core.caf", "CAF", "PCM_16", 16_000),
    ("lossless.caf", "CAF", "ALAC_16", 44_100), ("free.flac", "FLAC", "PCM_16", 16_000),
    ("free24.flac", "FLAC", "PCM_24", 96_000), ("vorbis.ogg", "OGG", "VORBIS", 44_100),
    ("telephone.opus", "OGG", "OPUS", 48_000), ("layer3.mp3", "MP3", "MPEG_LAYER_III", 44_100),
]  # fmt: skip
"""Name, format, depth, rate."""


def sentence(clip: Path) -> numpy.ndarray:
    """The clip at 16 kHz with a second of quiet after it."""
    sound, rate = soundfile.read(clip)
    assert rate == RATE
    return numpy.concatenate([sound, numpy.zeros(RATE)])


def _write(path: Path, sound: numpy.ndarray, rate: int = RATE, **how: str) -> Path:
    soundfile.write(path, soxr.resample(sound, RATE, rate) if rate != RATE else sound, rate, **how)
    return path


def good(folder: Path, sound: numpy.ndarray) -> list[Path]:
    """Files in which the sentence can be heard."""
    made = [_write(folder / name, sound, rate, format=f, subtype=depth) for name, f, depth, rate in PLAIN]
    plain = made[2].read_bytes()
    for channels in (2, 3, 8):
        made.append(_write(folder / f"{channels}-alike.wav", numpy.stack([sound] * channels, axis=1)))
    insane = sound.astype("float32")
    insane[:4] = (numpy.nan, numpy.inf, -numpy.inf, 1e30)
    made.append(_write(folder / "insane.wav", insane, subtype="FLOAT"))
    lies = bytearray(plain)
    lies[40:44] = struct.pack("<I", 0xFFFFFFFF)
    others = {
        "endless.wav": bytes(lies), "broken-off.wav": plain[: -len(plain) // 10],
        "an-mp3.wav": (folder / "layer3.mp3").read_bytes(), "a-wave.txt": plain,
        "trailing.wav": plain + b"LIST" + bytes(5_000),
    }  # fmt: skip
    for name, data in others.items():
        (folder / name).write_bytes(data)
        made.append(folder / name)
    return made


def bad(folder: Path, sound: numpy.ndarray) -> list[Path]:
    """Files that are refused."""
    plain = _write(folder / "plain.wav", sound).read_bytes()
    noise = numpy.random.default_rng(1).normal(0, 0.1, 10 * RATE)
    free = _write(folder / "noise.flac", noise).read_bytes()
    damaged = bytearray(_write(folder / "damaged.mp3", noise, 44_100, format="MP3").read_bytes())
    damaged[3_000:6_000] = bytes(3_000)
    no_channel, unsigned = bytearray(plain), bytearray(plain)
    no_channel[22:24] = bytes(2)
    unsigned[24:28] = struct.pack("<I", 4_294_967_295)
    files = {
        "text.wav": b"this is no sound\n" * 100, "empty.wav": b"", "zeros.wav": bytes(5_000), "header.wav": plain[:44],
        "cut.flac": free[: len(free) // 2], "damaged.mp3": bytes(damaged), "magic.wav": b"RIFF\xff\xff\xff\xffWAVE",
        "no-channel.wav": bytes(no_channel), "rate.wav": bytes(unsigned), "ten-hours.flac": silence(36_000),
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for name in ("plain.wav", "noise.flac"):
        (folder / name).unlink()
    made = [folder / name for name in files]
    made.append(_write(folder / "two-voices.wav", numpy.stack([sound, sound[::-1]], axis=1)))
    made.append(_write(folder / "slow.wav", sound, 4_000))
    made.append(_write(folder / "quiet.wav", numpy.zeros(2 * RATE)))
    (folder / "a-folder.wav").mkdir()
    (folder / "a-folder.wav" / "notes.txt").write_text("nothing to hear")
    return [*made, folder / "not-there.wav"]


def silence(seconds: int) -> bytes:
    """A whole FLAC file of silence at 8 kHz, in blocks of 60 000 samples: 17 bytes hold 7.5 seconds."""
    total = seconds * 8_000
    block = 60_000
    # 16 bit block sizes, 24 bit frame sizes, 20 bit rate, 3 bit channels, 5 bit depth, 36 bit samples, 128 bit MD5
    rate_on = (8_000 << 44) | (0 << 41) | (15 << 36) | total
    stream = struct.pack(">HH", block, block) + bytes(6) + rate_on.to_bytes(8, "big") + bytes(16)
    frames = bytearray()
    for number in range(total // block):
        head = b"\xff\xf8\x74\x08" + _utf8(number) + struct.pack(">H", block - 1)
        frame = head + bytes([_crc(head, 8, 0x07)]) + b"\x00\x00\x00"
        frames += frame + struct.pack(">H", _crc(frame, 16, 0x8005))
    return b"fLaC\x80\x00\x00\x22" + stream + bytes(frames)


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial) & mask if value & top else (value << 1) & mask
    return value
