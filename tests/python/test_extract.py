"""Rows of features: the original code's numbers, every layout of arrays, bad input."""

import gc
import weakref

import gradspace
import numpy as np
import pytest

LAYERS = ["down.0", "down.6", "fc2", "up.0", "up.6"]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("loss", ["bce", "elbo"])
def test_gradients_are_those_of_the_original_code(model, golden_images, data, layer, loss):
    golden = np.load(data / "ood" / f"grad.{loss}.{layer}.weight.npy").reshape(len(golden_images), -1)
    rows = gradspace.extract(model, golden_images, f"{layer}:{loss}")
    assert rows.dtype == np.float32 and rows.flags.c_contiguous
    error = np.linalg.norm(rows - golden, axis=1) / np.linalg.norm(golden, axis=1)
    assert error.max() < 5e-5


def test_losses_are_those_of_the_original_code(model, golden_images, data):
    import json

    golden = json.loads((data / "ood" / "losses.json").read_text())["loss"]
    losses = model.losses(golden_images)
    assert losses.shape == (len(golden_images), 2)
    assert losses[:, 0] == pytest.approx(golden["bce"], rel=1e-5)
    assert losses[:, 1] == pytest.approx(golden["kld"], rel=1e-4)


def test_columns_name_what_rows_hold(model, golden_images):
    rows = gradspace.extract(model, golden_images)
    columns = model.columns()
    assert [column.name for column in columns] == model.proposed_features.split(",")
    assert columns[-1].end == rows.shape[1]
    for column in columns:
        alone = gradspace.extract(model, golden_images, column.name)
        assert (rows[:, column.begin : column.end] == alone).all()


def layouts(images):
    """The same images in other layouts of memory."""
    yield "list", list(images)
    yield "Fortran order", np.asfortranarray(images)
    yield "negative strides", images[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1]
    yield "reversed channels of B, G, R", images[..., ::-1].copy()[..., ::-1]
    apart = np.zeros((2 * len(images), 31, 57, 5), np.uint8)
    apart[::2, 1:29, 0:56:2, 1:4] = images
    yield "strides", apart[::2, 1:29, 0:56:2, 1:4]
    rows = np.zeros((len(images), 28, 40, 3), np.uint8)
    rows[:, :, 5:33] = images
    yield "rows apart", rows[:, :, 5:33]
    yield "read-only", images.view()
    yield "channels first, permuted", np.ascontiguousarray(images.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    yield "memoryview", memoryview(images)


def test_every_layout_gives_the_same_rows(model, golden_images):
    expected = gradspace.extract(model, golden_images)
    for name, images in layouts(golden_images):
        if name == "read-only":
            images.flags.writeable = False
        assert (gradspace.extract(model, images) == expected).all(), name


def test_floats_give_the_rows_of_bytes(model, golden_images):
    floats = golden_images.transpose(0, 3, 1, 2).astype(np.float32) / 255
    expected = gradspace.extract(model, golden_images)
    error = np.linalg.norm(gradspace.extract(model, floats) - expected, axis=1)
    assert (error < 1e-4 * np.linalg.norm(expected, axis=1)).all()
    assert (gradspace.extract(model, floats) == gradspace.extract(model, floats.astype(np.float64))).all()
    assert (gradspace.extract(model, floats) == gradspace.extract(model, floats.astype(">f4"))).all()


def test_tensors_of_torch_go_in(model, golden_images):
    torch = pytest.importorskip("torch")
    expected = gradspace.extract(model, golden_images)
    tensor = torch.from_numpy(golden_images.copy())
    assert (gradspace.extract(model, tensor) == expected).all()
    permuted = tensor.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    assert (gradspace.extract(model, permuted) == expected).all()


def test_what_has_dlpack_alone_goes_in(model, golden_images):
    class Exporter:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    expected = gradspace.extract(model, golden_images)
    assert (gradspace.extract(model, Exporter(golden_images.copy())) == expected).all()


def test_images_of_pillow_go_in(model, golden_images):
    image = pytest.importorskip("PIL.Image")
    pictures = [image.fromarray(pixels) for pixels in golden_images]
    assert (gradspace.extract(model, pictures) == gradspace.extract(model, golden_images)).all()
    palette = pictures[0].quantize(16)
    assert (gradspace.extract(model, palette) == gradspace.extract(model, np.asarray(palette.convert("RGB")))).all()


def test_arrays_and_files_of_any_size_give_the_same_rows(model, folder):
    path, pictures = folder
    of_files = gradspace.extract(model, path)
    assert (gradspace.extract(model, pictures) == of_files).all()
    assert (gradspace.extract(model, gradspace.Source(path)) == of_files).all()
    listed = sorted(path.iterdir())[::-1]
    assert (gradspace.extract(model, listed) == of_files[::-1]).all()
    mixed = [pictures[0], pictures[1][:30], pictures[2][..., 0]]
    alone = np.concatenate([gradspace.extract(model, [picture]) for picture in mixed])
    assert (gradspace.extract(model, mixed) == alone).all()


def test_rows_depend_on_no_number_of_threads_or_images(model):
    images = np.random.default_rng(1).integers(0, 256, (700, 28, 28, 3), dtype=np.uint8)
    expected = gradspace.extract(model, images, threads=1)
    assert (gradspace.extract(model, images, threads=3) == expected).all()
    assert (gradspace.extract(model, images[650:]) == expected[650:]).all()


def test_rows_go_where_they_are_wanted(model, golden_images):
    expected = gradspace.extract(model, golden_images)
    table = np.full((40, expected.shape[1]), 7, np.float32)
    got = gradspace.extract(model, golden_images, out=table[3 : 3 + len(expected)])
    assert np.shares_memory(got, table)
    assert (table[3 : 3 + len(expected)] == expected).all()
    assert (table[:3] == 7).all() and (table[3 + len(expected) :] == 7).all()


@pytest.mark.parametrize(
    "out",
    [
        np.empty((19, 5), np.float32),
        np.empty((19, 1152), np.float64),
        np.empty((19, 1152 * 2), np.float32)[:, ::2],
        np.asfortranarray(np.empty((19, 1152), np.float32)),
        np.empty((19, 1152), ">f4"),
        [0.0],
    ],
)
def test_a_place_for_rows_that_does_not_fit_is_refused(model, golden_images, out):
    with pytest.raises(ValueError, match="^out: "):
        gradspace.extract(model, golden_images, out=out)


def test_a_read_only_place_for_rows_is_refused(model, golden_images):
    out = gradspace.extract(model, golden_images)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        gradspace.extract(model, golden_images, out=out)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 28, 28, 3), np.int64),
        np.zeros((2, 28, 28, 3), np.int8),
        np.zeros((2, 28, 28, 3), bool),
        np.zeros((2, 28, 28, 3), complex),
        np.zeros((2, 28, 28, 4), np.uint8),
        np.zeros((2, 3, 28, 28), np.uint8),
        np.zeros((2, 2, 28, 28, 3), np.uint8),
        np.zeros((2, 0, 28, 3), np.uint8),
        np.zeros(5, np.uint8),
        np.uint8(3),
        np.zeros((2, 28, 28, 3), np.float32),
        np.full((1, 3, 28, 28), np.nan, np.float32),
        np.full((1, 3, 28, 28), 1.5, np.float32),
        np.full((1, 3, 28, 28), -np.inf, np.float32),
        np.zeros((1, 3, 27, 28), np.float32),
        np.array([["a"]]),
        np.array([None, 3], dtype=object),
        [np.zeros((28, 28, 3), np.uint8), np.zeros((28, 28, 2), np.uint8)],
        [np.zeros((28, 28, 3), np.uint8), np.zeros((28, 28, 3), np.float32)],
        np.broadcast_to(np.uint8(1), (1, 70000, 70000, 3)),
    ],
)
def test_what_is_no_image_is_refused(model, images):
    with pytest.raises(ValueError) as raised:
        gradspace.extract(model, images)
    assert "\n" not in str(raised.value) and str(raised.value).startswith("image")


@pytest.mark.parametrize("images", [None, 3, object(), {"a": 1}, [None], ["a.png", np.zeros((4, 4), np.uint8)]])
def test_what_is_no_array_is_refused(model, images):
    with pytest.raises(TypeError):
        gradspace.extract(model, images)


def test_a_pixel_that_is_no_number_is_found(model):
    floats = np.zeros((700, 3, 28, 28), np.float32)
    floats[650, 2, 3, 4] = np.nan
    with pytest.raises(ValueError, match="^images: image 650 has the pixel value nan"):
        gradspace.extract(model, floats)


def test_no_images_have_no_rows(model):
    assert gradspace.extract(model, np.zeros((0, 28, 28, 3), np.uint8)).shape == (0, model.columns()[-1].end)
    assert len(gradspace.extract(model, [])) == 0


def test_huge_strides_are_followed(model, golden_images):
    sparse = np.zeros((3, 40, 28, 300, 3), np.uint8)
    sparse[:, 39, :, 299, :] = 1
    view = sparse[:, ::39]
    view[:, 1, :, 5:33] = golden_images[:3]
    expected = gradspace.extract(model, golden_images[:3])
    assert (gradspace.extract(model, view[:, 1, :, 5:33]) == expected).all()


def test_a_file_that_can_not_be_read_costs_its_own_row_alone(model, folder, tmp_path):
    path = tmp_path / "broken.ppm"
    path.write_bytes(b"P6 40 36 255\nshort")
    good = sorted(folder[0].iterdir())[:2]
    with pytest.warns(gradspace.LeftOutWarning, match="broken.ppm"):
        rows = gradspace.extract(model, [good[0], path, good[1]])
    assert np.isnan(rows[1]).all()
    assert (rows[[0, 2]] == gradspace.extract(model, good)).all()
    with pytest.warns(gradspace.LeftOutWarning), pytest.raises(gradspace.FormatError, match="broken.ppm"):
        gradspace.extract(model, [path])


def test_what_is_passed_over_is_remarked(model, folder, tmp_path):
    (tmp_path / "a.ppm").write_bytes((folder[0] / "00.ppm").read_bytes())
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.warns(gradspace.RemarkWarning, match="notes.txt"):
        assert len(gradspace.extract(model, tmp_path)) == 1


def test_a_request_that_is_not_possible_names_what_is(model, golden_images):
    with pytest.raises(ValueError, match="down.6"):
        gradspace.extract(model, golden_images, "down.7:kld")
    with pytest.raises(ValueError, match="threads"):
        gradspace.extract(model, golden_images, threads=-1)


def test_nothing_is_kept_of_the_images(model, golden_images):
    class Tracked(np.ndarray):
        pass

    images = golden_images.copy().view(Tracked)
    watched = weakref.ref(images)
    gradspace.extract(model, images)
    del images
    gc.collect()
    assert watched() is None


def test_the_backend_of_libtorch_gives_the_same(model, golden_images):
    try:
        rows = gradspace.extract(model, golden_images, backend="torch")
    except gradspace.Error as error:
        pytest.skip(str(error))
    expected = gradspace.extract(model, golden_images)
    assert np.linalg.norm(rows - expected) < 1e-4 * np.linalg.norm(expected)
    with pytest.raises(ValueError, match="tensorflow"):
        gradspace.extract(model, golden_images, backend="tensorflow")
