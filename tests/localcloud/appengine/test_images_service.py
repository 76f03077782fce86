"""The images service: Pillow changes the images that an app sends along."""

import io

import pytest
from PIL import Image

from tests.localcloud.appengine.bundled_app import images


@pytest.fixture(scope="module")
def picture():
    """A red PNG of 40 by 20."""
    data = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(data, "PNG")
    return data.getvalue()


def opened(data):
    """Return the size, the format and the first pixel of an image."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size, image.format, image.convert("RGB").getpixel((0, 0))


def test_image_is_resized(app, picture):
    def resize(picture):
        return images.resize(picture, 10, 10)

    assert opened(app.run(resize, picture=picture)) == ((10, 5), "PNG", (255, 0, 0))


def test_transforms_are_chained_and_encoded(app, picture):
    def transform(picture):
        image = images.Image(picture)
        image.rotate(90)
        image.crop(0.0, 0.0, 0.5, 0.5)
        return image.execute_transforms(output_encoding=images.JPEG)

    size, kind, _ = opened(app.run(transform, picture=picture))
    assert (size, kind) == ((10, 20), "JPEG")


def test_images_are_put_together(app, picture):
    def compose(picture):
        return images.composite([(picture, 30, 0, 1.0, images.TOP_LEFT)], 80, 20, color=0xFF0000FF)

    assert opened(app.run(compose, picture=picture)) == ((80, 20), "PNG", (0, 0, 255))


def test_histogram_counts_pixels(app, picture):
    def count(picture):
        return [channel[255] for channel in images.histogram(picture)]

    assert app.run(count, picture=picture) == [800, 0, 0]


def test_what_is_no_image_is_an_error(app, app_error):
    def resize():
        images.resize(b"GIF89a and no more", 10, 10)

    with pytest.raises(app_error) as raised:
        app.run(resize)
    assert raised.value.kind == "BadImageError"
