"""Writes image files in every mode and format into a folder, and beside each what Pillow makes of it.

usage: pillow_oracle.py FOLDER

CASE.EXT with CASE.npy: the expected samples, uint8, [H, W] for grey and [H, W, 3] for colour;
CASE.EXT with CASE.refused: Pillow can't read it. In resize/: N.npy and N.WxH.npy, its resized form; in
grey/: N.npy and N.grey.npy, its luma. Exit status 77: Pillow is not installed.
"""
import io
import itertools
import pathlib
import random
import struct
import sys
import warnings
import zlib

try:
    import numpy as np
    from PIL import Image
except ImportError:
    sys.exit(77)

warnings.simplefilter("ignore")
rng = np.random.default_rng(20190922)
chance = random.Random(20190922)


def expected_pixels(image):
    """The rule of include/gradspace/image.h, on top of Pillow."""
    mode = image.mode
    image.load()
    if mode.startswith("I"):  # 16 bits: divided by 257 and rounded, where Pillow clips
        return ((np.asarray(image).astype(np.int64) + 128) // 257).astype(np.uint8)
    return np.asarray(image.convert("L" if mode in ("1", "L", "LA") else "RGB"))


class Folder:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def add(self, case, extension, data, pixels=None):
        """`pixels` where the rule departs from Pillow."""
        (self.path / f"{case}.{extension}").write_bytes(data)
        if pixels is None:
            try:
                pixels = expected_pixels(Image.open(io.BytesIO(data)))
            except Exception:  # Pillow raises whatever its parsers trip over
                (self.path / f"{case}.refused").touch()
                return
        np.save(self.path / f"{case}.npy", np.ascontiguousarray(pixels))


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def noise(height, width, channels=None):
    """Smooth in one corner, noise in the other."""
    shape = (height, width) if channels is None else (height, width, channels)
    ramp = np.add.outer(np.arange(height) * 5, np.arange(width) * 3).reshape(
        shape[:2] + (1,) * (len(shape) - 2))
    mask = ramp > ramp.max() // 2
    return np.where(mask, rng.integers(0, 256, shape), ramp % 256).astype(np.uint8)


def write_saved_by_pillow(folder):
    for height, width in [(1, 1), (5, 7), (17, 33), (40, 31)]:
        size = f"{width}x{height}"
        rgb = Image.fromarray(noise(height, width, 3))
        grey = Image.fromarray(noise(height, width))
        palette = rgb.quantize(16)
        alpha = Image.fromarray(noise(height, width))
        rgba = rgb.copy()
        rgba.putalpha(alpha)
        la = grey.copy()
        la.putalpha(alpha)
        deep = Image.fromarray(rng.integers(0, 65536, (height, width)).astype(np.int32), "I")
        images = {"1": grey.convert("1"), "L": grey, "LA": la, "P": palette, "I": deep,
                  "RGB": rgb, "RGBA": rgba}
        for mode in ("1", "L", "P", "RGB", "RGBA"):
            folder.add(f"pillow-{mode}-{size}", "bmp", saved(images[mode], "BMP"))
        for mode in ("1", "L", "I", "RGB", "RGBA"):
            folder.add(f"pillow-{mode}-{size}-ppm", "ppm", saved(images[mode], "PPM"))
        for mode, image in images.items():
            folder.add(f"pillow-{mode}-{size}-png", "png", saved(image, "PNG"))
        for bits in (1, 2, 4, 8):
            few = rgb.quantize(1 << bits)
            folder.add(f"pillow-P{bits}-{size}-png", "png",
                       saved(few, "PNG", bits=bits, transparency=0))
        folder.add(f"pillow-tRNS-L-{size}", "png", saved(grey, "PNG", transparency=3))
        folder.add(f"pillow-tRNS-RGB-{size}", "png", saved(rgb, "PNG", transparency=(1, 2, 3)))
        exif = Image.Exif()
        exif[0x0112] = 6  # rotated: to be ignored
        for quality, sampling, progressive in itertools.product((30, 75, 95), (0, 1, 2),
                                                                (False, True)):
            folder.add(f"pillow-RGB-{size}-{quality}-{sampling}-{progressive}", "jpg",
                       saved(rgb, "JPEG", quality=quality, subsampling=sampling,
                             progressive=progressive, exif=exif))
        folder.add(f"pillow-L-{size}-jpeg", "jpg", saved(grey, "JPEG", optimize=True))
        cmyk = saved(rgb.convert("CMYK"), "JPEG")
        (folder.path / f"pillow-CMYK-{size}.jpg").write_bytes(cmyk)
        (folder.path / f"pillow-CMYK-{size}.refused").touch()  # ours, not Pillow's


# PNG in every colour type, depth and interlacing, which Pillow does not write.

ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1)]  # first row, first column, row step, column step


def png_rows(samples, bits):
    """Filtered rows of [H, W, C] samples; the filter is a random one of those the row allows."""
    height, width, channels = samples.shape
    if height == 0 or width == 0:
        return b""
    flat = samples.reshape(height, width * channels)
    if bits == 16:
        packed = flat.astype(">u2").view(np.uint8)
    elif bits == 8:
        packed = flat.astype(np.uint8)
    else:
        per_byte = 8 // bits
        padded = np.zeros((height, -(-flat.shape[1] // per_byte) * per_byte), np.uint8)
        padded[:, :flat.shape[1]] = flat
        packed = np.zeros((height, padded.shape[1] // per_byte), np.uint8)
        for i in range(per_byte):
            packed |= padded[:, i::per_byte] << (8 - bits - i * bits)
    distance = max(1, channels * bits // 8)
    out = b""
    above = np.zeros(packed.shape[1], np.uint8)
    for row in packed:
        left = np.concatenate([np.zeros(distance, np.uint8), row])[:len(row)]
        kind = chance.randrange(3)
        out += bytes([kind]) + (row - (0, left, above)[kind]).astype(np.uint8).tobytes()
        above = row
    return out


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, bits, colour_type, interlaced, palette=None, chunks=()):
    height, width = samples.shape[:2]
    if interlaced:
        data = b"".join(png_rows(samples[r::rs, c::cs], bits) for r, c, rs, cs in ADAM7)
    else:
        data = png_rows(samples, bits)
    packed = zlib.compress(data)
    parts = [packed[i:i + 100] for i in range(0, len(packed), 100)]  # several IDAT chunks
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0,
                                         int(interlaced)))
            + (chunk(b"PLTE", palette) if palette is not None else b"")
            + b"".join(chunk(k, d) for k, d in chunks)
            + b"".join(chunk(b"IDAT", p) for p in parts) + chunk(b"IEND", b""))


def write_every_png(folder):
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    for colour_type, interlaced in itertools.product(depths, (False, True)):
        for bits, (height, width) in itertools.product(depths[colour_type],
                                                       [(1, 1), (3, 2), (9, 13), (20, 5)]):
            samples = rng.integers(0, 1 << bits, (height, width, channels[colour_type]))
            palette = None
            chunks = [(b"gAMA", struct.pack(">I", 100000)), (b"tEXt", b"Title\0picture")]
            if colour_type == 3:
                # A short palette: Pillow shows indices behind its end as greys.
                palette = rng.integers(0, 256, 3 * min(200, 1 << bits)).astype(np.uint8).tobytes()
                chunks.append((b"tRNS", bytes([0, 128])))
            elif colour_type in (0, 2):
                chunks.append((b"tRNS", b"\0\1" * channels[colour_type]))
            pixels = None
            if bits == 16:
                kept = samples[:, :, :3 if colour_type & 2 else 1]
                pixels = ((kept + 128) // 257).astype(np.uint8)
                pixels = pixels if colour_type & 2 else pixels[:, :, 0]
            folder.add(f"png-{colour_type}-{bits}-{int(interlaced)}-{width}x{height}", "png",
                       png(samples, bits, colour_type, interlaced, palette, chunks), pixels)


def write_png_ends(folder):
    """What may stand behind the pixels, or be missing there."""
    whole = png(rng.integers(0, 256, (9, 13, 3)), 8, 2, False)
    pixels = whole[:-12]
    text = chunk(b"tEXt", b"Title\0picture")
    damaged = text[:-1] + bytes([text[-1] ^ 1])
    ends = {"nothing": b"", "text": text, "rubbish": b"rubbish and more", "damaged": damaged,
            "damaged-and-end": damaged + whole[-12:], "cut-end": whole[-12:-5],
            "damaged-end": whole[-12:-1] + b"\0", "unknown": chunk(b"ABCD", b"critical"),
            "more": whole[-12:] + b"and more"}
    for name, end in ends.items():
        folder.add(f"png-end-{name}", "png", pixels + end)
    header = 8 + 25
    folder.add("png-damaged-text-before", "png", whole[:header] + damaged + whole[header:])


# BMP: every combination of header, depth, palette, direction, masks.

MASKS = {
    32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0),
         (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
         (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0, 0, 0, 0), (0xFF, 0xFF00, 0xFF0000, 0),
         (0x3FF00000, 0xFFC00, 0x3FF, 0)],
    24: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0)],
    16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0x1F, 0x3E0, 0x7C00, 0)],
}


def bmp(width, height, bits, data, header_size=40, compression=0, top_down=False, colours=0,
        palette=b"", masks=None, gap=0, offset=None):
    extra = b""
    if header_size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IIiHHIIiiII", header_size, width, -height if top_down else height, 1,
                             bits, compression, len(data), 2835, 2835, colours, 0)
        if masks is not None:
            packed = struct.pack("<IIII", *masks)
            if header_size == 40:
                extra = packed[:12]
            elif header_size == 52:
                header += packed[:12]
            else:
                header += packed
        header = header.ljust(header_size, b"\0")
    start = 14 + len(header) + len(extra) + len(palette) + gap
    if offset is None:
        offset = start
    return (b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, offset) + header + extra + palette
            + b"\xEE" * gap + data)


def palettes(bits):
    full = 1 << bits
    yield "random", 0, rng.integers(0, 256, (full, 4))
    yield "inverse", 0, np.repeat(255 - np.arange(full)[:, None], 4, 1)
    if bits != 4:  # Pillow can't unpack four bits to grey
        identity = np.arange(full) if bits == 8 else np.array([0, 255])
        yield "grey", 0, np.repeat(identity[:, None], 4, 1)
    if bits == 8:
        yield "short", 100, rng.integers(0, 256, (100, 4))
        yield "short-grey", 100, np.repeat(np.arange(100)[:, None], 4, 1)
        yield "long", 300, rng.integers(0, 256, (300, 4))
    else:
        yield "few", full - 1, rng.integers(0, 256, (full - 1, 4))


def add_bmp(folder, case, *arguments, header_size, **options):
    """Pillow 9.4 does not know the headers of 52 and 56 bytes: it judges a file that says the same by
    another header."""
    data = bmp(*arguments, header_size=header_size, **options)
    twin = {52: 40, 56: 108}.get(header_size)
    if twin is None:
        folder.add(case, "bmp", data)
        return
    try:
        same = bmp(*arguments, header_size=twin, **options)
        folder.add(case, "bmp", data, expected_pixels(Image.open(io.BytesIO(same))))
    except Exception:  # Pillow raises whatever its parsers trip over
        (folder.path / f"{case}.bmp").write_bytes(data)
        (folder.path / f"{case}.refused").touch()


def write_every_bmp(folder):
    sizes = [(1, 1), (7, 3), (33, 2), (16, 16)]
    for header_size, (width, height), top_down in itertools.product(
            (12, 16, 40, 52, 56, 64, 108, 124), sizes, (False, True)):
        if header_size == 12 and top_down:
            continue
        tag = f"{header_size}-{width}x{height}-{int(top_down)}"
        for bits in (1, 2, 4, 8, 16, 24, 32):
            stride = (width * bits + 31) // 32 * 4
            data = rng.integers(0, 256, stride * height).astype(np.uint8).tobytes()
            common = dict(header_size=header_size, top_down=top_down)
            if header_size == 16 and bits != 24:
                continue
            if bits <= 8 and bits != 2:
                entry = 3 if header_size == 12 else 4
                for name, colours, table in palettes(bits):
                    if header_size == 12 and colours:
                        continue
                    packed = table[:, :entry].astype(np.uint8).tobytes()
                    for gap in (0, 5):
                        add_bmp(folder, f"bmp-{tag}-{bits}-{name}-{gap}", width, height, bits, data,
                                colours=colours, palette=packed, gap=gap, **common)
                    add_bmp(folder, f"bmp-{tag}-{bits}-{name}-no-offset", width, height, bits, data,
                            colours=colours, palette=packed, offset=0, **common)
                continue
            add_bmp(folder, f"bmp-{tag}-{bits}", width, height, bits, data, **common)
            add_bmp(folder, f"bmp-{tag}-{bits}-colours", width, height, bits, data, colours=7,
                    **common)
            if header_size >= 40:
                for i, masks in enumerate(MASKS.get(bits, [])):
                    add_bmp(folder, f"bmp-{tag}-{bits}-masks-{i}", width, height, bits, data,
                            compression=3, masks=masks, **common)
    data = bytes(4)
    for compression in (1, 2, 3, 4, 5, 6, 99):
        folder.add(f"bmp-compression-{compression}", "bmp",
                   bmp(1, 1, 24, data, compression=compression))
    folder.add("bmp-missing-palette", "bmp", bmp(1, 1, 8, data, offset=54))
    folder.add("bmp-forgotten-palette", "bmp",
               bmp(2, 2, 8, bytes(range(8)), palette=rng.bytes(1024), offset=54))
    folder.add("bmp-zero-width", "bmp", bmp(0, 1, 24, data))
    folder.add("bmp-zero-height", "bmp", bmp(1, 0, 24, data))
    whole = bmp(3, 2, 24, bytes(range(24)))
    for cut in range(1, len(whole)):
        folder.add(f"bmp-cut-{cut}", "bmp", whole[:-cut])


def run_length_rows(indices, bits):
    """RLE data of what Pillow reads right: runs, and literals of an even number."""
    out = b""
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 255 and row[x + run] == row[x]:
                run += 1
            if run == 1 and len(row) - x >= 4:
                count = min(len(row) - x, 254) // 4 * 4
                out += bytes([0, count])
                if bits == 8:
                    out += row[x:x + count].tobytes()
                else:
                    out += (row[x:x + count:2] << 4 | row[x + 1:x + count:2]).tobytes()
                x += count
            else:
                out += bytes([run, row[x] if bits == 8 else row[x] * 17])
                x += run
        out += b"\0\0"
    return out + b"\0\1"


def write_run_length_bmp(folder):
    for bits, (width, height), kind in itertools.product(
            (4, 8), [(1, 1), (16, 4), (21, 9), (300, 3)], ("runs", "literals")):
        spread = 3 if kind == "runs" else 1 << bits
        indices = np.sort(rng.integers(0, spread, (height, width)), 1).astype(np.uint8)
        if kind == "literals":
            indices = rng.permuted(indices, axis=1)
        data = run_length_rows(indices, bits)
        for name, colours, table in palettes(bits):
            packed = table.astype(np.uint8).tobytes()
            folder.add(f"rle-{bits}-{width}x{height}-{kind}-{name}", "bmp",
                       bmp(width, height, bits, data, compression=1 if bits == 8 else 2,
                           colours=colours, palette=packed))
        folder.add(f"rle-{bits}-{width}x{height}-{kind}-top-down", "bmp",
                   bmp(width, height, bits, data, compression=1 if bits == 8 else 2, top_down=True,
                       palette=packed))
        folder.add(f"rle-{bits}-{width}x{height}-{kind}-cut", "bmp",
                   bmp(width, height, bits, data[:-5], compression=1 if bits == 8 else 2,
                       palette=packed))


# PNM: plain and raw, any largest value, white space and comments.

def write_every_pnm(folder):
    headers = ["{magic}\n{w} {h}\n{max}\n", "{magic} {w}\t{h}\r{max} ", "{magic}\n# a # b\n{w}\n#\n{h}\n{max}\n",
               "{magic}\n\n  {w}\n\v{h}\f\n00{max}\n"]
    for (height, width), header, magic in itertools.product(
            [(1, 1), (3, 9), (4, 16)], range(len(headers)), ("P1", "P2", "P3", "P4", "P5", "P6")):
        channels = 3 if magic in ("P3", "P6") else 1
        bitmap = magic in ("P1", "P4")
        for largest in [1] if bitmap else [1, 2, 7, 100, 254, 255, 256, 1023, 4095, 65534, 65535]:
            text = headers[header].format(magic=magic, w=width, h=height, max=largest)
            if bitmap:
                text = headers[header].replace("00{max}", "").replace("{max}", "").format(
                    magic=magic, w=width, h=height)
                # Without a third number the second one's white space ends the header.
                text = text.rstrip() + "\n"
            samples = rng.integers(0, largest + 1, (height, width * channels))
            if magic == "P4":
                data = np.packbits(samples.astype(np.uint8), axis=1).tobytes()
            elif magic in ("P5", "P6"):
                data = samples.astype(">u2" if largest > 255 else np.uint8).tobytes()
            else:
                separator = "" if magic == "P1" and header == 0 else " "
                data = "\n".join(separator.join(map(str, row)) for row in samples).encode()
            case = f"pnm-{magic}-{width}x{height}-{header}-{largest}"
            folder.add(case, "pnm", text.encode() + data)
            folder.add(case + "-cut", "pnm", text.encode() + data[:-1])
    for magic, body in {"P5": b"1 1 0\n\0", "P2": b"1 1 65536\n9", "P6": b"0 1 255\n",
                        "P3": b"1 1 255\n1 2 256", "P1": b"1 1\n2", "P7": b"1 1 255\nx",
                        "P4": b"1\n"}.items():
        folder.add(f"pnm-bad-{magic}", "pnm", magic.encode() + b"\n" + body)
    # Values over the largest are clipped in raw files.
    folder.add("pnm-over", "pnm", b"P5\n2 1\n100\n\x65\xff")
    folder.add("pnm-over-deep", "pnm", b"P5\n2 1\n300\n\x01\x2d\xff\xff")
    # All sample values of some depths.
    for largest in (3, 1000, 4095, 65535):
        samples = np.arange(largest + 1).astype(">u2" if largest > 255 else np.uint8)
        for magic, width in (("P5", largest + 1), ("P6", (largest + 1) // 3)):
            count = width * (3 if magic == "P6" else 1)
            folder.add(f"pnm-all-{magic}-{largest}", "pnm",
                       f"{magic}\n{width} 1\n{largest}\n".encode() + samples[:count].tobytes())


# WebP and TIFF, which modules of the library read.

def write_webp(folder):
    for height, width in [(1, 1), (5, 7), (33, 17), (40, 31)]:
        size = f"{width}x{height}"
        rgba = Image.fromarray(noise(height, width, 4), "RGBA")
        for mode in ("RGB", "RGBA"):
            image = rgba.convert(mode)
            folder.add(f"webp-{mode}-{size}-lossless", "webp", saved(image, "WEBP", lossless=True, exact=True))
            for quality in (10, 60, 95):
                folder.add(f"webp-{mode}-{size}-{quality}", "webp", saved(image, "WEBP", quality=quality))
        frames = [Image.fromarray(noise(height, width, 4), "RGBA") for _ in range(3)]
        for lossless in (False, True):
            folder.add(f"webp-animated-{size}-{int(lossless)}", "webp",
                       saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=lossless))


def tiff(samples, bits, photometric, big_endian=False, planes=False, tile=None, rows_a_strip=None, extra=None,
         palette=None, tags=()):
    """[H, W, C] samples as an uncompressed file; `tile` is (height, width)."""
    height, width, channels = samples.shape
    end = ">" if big_endian else "<"

    def packed(block):
        rows = block.reshape(block.shape[0], -1)
        if bits == 16:
            return rows.astype(end + "u2").tobytes()
        if bits == 8:
            return rows.astype(np.uint8).tobytes()
        as_bits = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
        return np.packbits(as_bits.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()

    parts = [samples[:, :, c:c + 1] for c in range(channels)] if planes else [samples]
    blocks = []
    for part in parts:
        if tile:
            high, wide = -(-height // tile[0]) * tile[0], -(-width // tile[1]) * tile[1]
            padded = np.zeros((high, wide, part.shape[2]), samples.dtype)
            padded[:height, :width] = part
            blocks += [packed(padded[y:y + tile[0], x:x + tile[1]])
                       for y in range(0, high, tile[0]) for x in range(0, wide, tile[1])]
        else:
            step = rows_a_strip or height
            blocks += [packed(part[y:y + step]) for y in range(0, height, step)]
    data, offsets = b"", []
    for block in blocks:
        offsets.append(8 + len(data))
        data += block + b"\0" * (len(block) % 2)
    entries = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels), 259: (3, [1]),
               262: (3, [photometric]), 277: (3, [channels]), 284: (3, [2 if planes else 1])}
    entries |= ({322: (4, [tile[1]]), 323: (4, [tile[0]]), 324: (4, offsets), 325: (4, [len(b) for b in blocks])}
                if tile else {273: (4, offsets), 278: (4, [rows_a_strip or height]),
                              279: (4, [len(b) for b in blocks])})
    if extra is not None:
        entries[338] = (3, [extra])
    if palette is not None:
        entries[320] = (3, palette)
    entries |= dict(tags)
    out = b""
    directory_end = 8 + len(data) + 2 + 12 * len(entries) + 4
    table = struct.pack(end + "H", len(entries))
    for tag, (kind, values) in sorted(entries.items()):
        value = struct.pack(end + str(len(values)) + {3: "H", 4: "I"}[kind], *values)
        if len(value) > 4:
            field = struct.pack(end + "I", directory_end + len(out))
            out += value
        else:
            field = value.ljust(4, b"\0")
        table += struct.pack(end + "HHI", tag, kind, len(values)) + field
    head = (b"MM" if big_endian else b"II") + struct.pack(end + "HI", 42, 8 + len(data))
    return head + data + table + b"\0\0\0\0" + out


def without_alpha(samples, colours):
    """The colours, in 8 bits, of [H, W, C] samples of 8 or 16 bits."""
    kept = samples[:, :, :colours]
    kept = kept if samples.max() < 256 else (kept + 128) // 257
    return (kept if colours == 3 else kept[:, :, 0]).astype(np.uint8)


def write_tiff(folder):
    for height, width in [(1, 1), (5, 7), (33, 17), (40, 31)]:
        size = f"{width}x{height}"
        rgb = Image.fromarray(noise(height, width, 3))
        grey = Image.fromarray(noise(height, width))
        alpha = Image.fromarray(noise(height, width))
        rgba, la = rgb.copy(), grey.copy()
        rgba.putalpha(alpha)
        la.putalpha(alpha)
        deep = Image.fromarray(rng.integers(0, 65536, (height, width)).astype(np.uint16))
        images = {"1": grey.convert("1"), "L": grey, "LA": la, "P": rgb.quantize(16), "I;16": deep, "RGB": rgb,
                  "RGBA": rgba}
        for mode, image in images.items():
            for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
                folder.add(f"tiff-{mode.replace(';', '')}-{size}-{compression}", "tif",
                           saved(image, "TIFF", compression=compression))
        folder.add(f"tiff-fax-{size}", "tif", saved(images["1"], "TIFF", compression="group4"))
        for mode in ("L", "RGB"):
            folder.add(f"tiff-jpeg-{mode}-{size}", "tif", saved(images[mode], "TIFF", compression="jpeg"))
        folder.add(f"tiff-pages-{size}", "tif", saved(rgb, "TIFF", save_all=True, append_images=[grey]))
        (folder.path / f"tiff-CMYK-{size}.tif").write_bytes(saved(rgb.convert("CMYK"), "TIFF"))
        (folder.path / f"tiff-CMYK-{size}.refused").touch()
    for big_endian, planes, tile, rows in [(False, False, None, 4), (True, False, None, 3), (False, True, None, 4),
                                           (False, False, (16, 16), None), (True, True, (16, 32), None)]:
        tag = f"{int(big_endian)}{int(planes)}{int(tile is not None)}"
        layout = dict(big_endian=big_endian, planes=planes, tile=tile, rows_a_strip=rows)
        for colours, bits in itertools.product((1, 3), (8, 16)):
            samples = rng.integers(0, 1 << bits, (37, 21, colours + 1))
            photometric = 2 if colours == 3 else 1
            folder.add(f"tiff-{tag}-{colours}-{bits}", "tif",
                       tiff(samples[:, :, :colours], bits, photometric, **layout), without_alpha(samples, colours))
            folder.add(f"tiff-{tag}-{colours}-{bits}-alpha", "tif",
                       tiff(samples, bits, photometric, extra=2, **layout), without_alpha(samples, colours))
        if not planes:
            for bits in (1, 2, 4, 8):
                samples = rng.integers(0, 1 << bits, (37, 21, 1))
                scaled = (samples[:, :, 0] * 255 // ((1 << bits) - 1)).astype(np.uint8)
                folder.add(f"tiff-{tag}-grey{bits}", "tif", tiff(samples, bits, 1, **layout), scaled)
                folder.add(f"tiff-{tag}-inverse{bits}", "tif", tiff(samples, bits, 0, **layout), 255 - scaled)
                palette = rng.integers(0, 65536, 3 << bits)
                colours = (palette >> 8).astype(np.uint8).reshape(3, -1).T
                folder.add(f"tiff-{tag}-palette{bits}", "tif",
                           tiff(samples, bits, 3, palette=palette.tolist(), **layout), colours[samples[:, :, 0]])
    multiplied = rng.integers(0, 256, (9, 13, 4))
    folder.add("tiff-multiplied", "tif", tiff(multiplied, 8, 2, extra=1))
    plain = rng.integers(0, 256, (9, 13, 3))
    for name, tags in {"float": {339: (3, [3, 3, 3])}, "preview": {254: (4, [1])}, "lab": {262: (3, [8])}}.items():
        (folder.path / f"tiff-{name}.tif").write_bytes(tiff(plain, 8, 2, tags=tags))
        (folder.path / f"tiff-{name}.refused").touch()


def write_resized(folder):
    pairs = [((1, 1), (28, 28)), ((28, 28), (28, 28)), ((28, 50), (28, 28)), ((50, 28), (28, 28)),
             ((35, 35), (28, 28)), ((640, 480), (28, 28)), ((3, 2), (300, 200)), ((1000, 1), (3, 5)),
             ((1, 1000), (5, 1)), ((255, 257), (254, 258)), ((2, 2), (1, 1)), ((5000, 2), (1, 1)),
             ((700, 500), (28, 20)), ((333, 777), (9, 300))]
    for _ in range(150):
        pairs.append(tuple((chance.randint(1, 90), chance.randint(1, 90)) for _ in range(2)))
    for number, (before, after) in enumerate(pairs):
        for channels in (None, 3):
            samples = noise(before[1], before[0], channels)
            if number % 3 == 0:  # extremes: rounding and clamping
                samples = np.where(samples > 127, 255, 0).astype(np.uint8)
            name = f"{number}-{channels or 1}"
            np.save(folder.path / f"{name}.npy", samples)
            resized = Image.fromarray(samples).resize(after, Image.BILINEAR)
            np.save(folder.path / f"{name}.{after[0]}x{after[1]}.npy", np.asarray(resized))


def write_drafts(folder):
    """JPEG files, and what they are when they are decoded to no less than twice a size, then resized to it."""
    settings = [(quality, sampling, progressive) for quality, sampling, progressive in
                itertools.product((75, 95), (0, 1, 2), (False, True))]
    sizes = [(112, 112), (447, 448), (448, 449), (300, 901), (55, 300), (640, 480), (1200, 224)]
    for number, ((width, height), (quality, sampling, progressive)) in enumerate(
            itertools.product(sizes, settings)):
        grey = number % 5 == 0
        image = Image.fromarray(noise(height, width, None if grey else 3))
        path = folder.path / f"{number}.jpg"
        path.write_bytes(saved(image, "JPEG", quality=quality, progressive=progressive,
                               **({} if grey else {"subsampling": sampling})))
        for size in ((28, 28), (13, 40)):
            draft = Image.open(path)
            draft.draft("RGB", (2 * size[0], 2 * size[1]))
            fitted = draft.convert("RGB").resize(size, Image.BILINEAR)
            np.save(folder.path / f"{number}.{size[0]}x{size[1]}.npy", np.asarray(fitted))


def write_grey(folder):
    samples = rng.integers(0, 256, (100, 1000, 3)).astype(np.uint8)
    np.save(folder.path / "0.npy", samples)
    np.save(folder.path / "0.grey.npy", np.asarray(Image.fromarray(samples).convert("L")))


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    files = Folder(root / "files")
    write_saved_by_pillow(files)
    write_every_png(files)
    write_every_bmp(files)
    write_run_length_bmp(files)
    write_every_pnm(files)
    write_png_ends(files)
    write_webp(Folder(root / "webp"))
    write_tiff(Folder(root / "tiff"))
    write_resized(Folder(root / "resize"))
    write_grey(Folder(root / "grey"))
    write_drafts(Folder(root / "drafts"))
