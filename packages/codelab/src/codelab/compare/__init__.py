"""Runs folders of the course and compares what visitors see.

Lowest first:

- `assertions`: the error for a page that is not as it has to be.
- `page`: a page's elements and text, without what a person does not see.
- `visitor`: an HTTP client with an address and a user agent of its own.
- `app_under_test`: an app, what its pages have to show, and the record of its answers. `Backend` is what may be done
  to the services behind it; `local_backend` does so on the local cloud.
- `foreign_values`: cached values that the app did not write.
- `scenario`, `scenarios`: what visitors do, and what happens to the app meanwhile.
- `app_log`: what apps print, and the last error in it.
- `services`: the services that an app has called.
- `answers`: START's answers, kept between checks.
- `comparison`: START and other folders side by side, and the first difference.
- `function_calls`: the answers of a function by itself, where a deployment file serves an app in front of it.
- `session`: a comparison that serves one check after another.

It knows folders, URLs and the cache that an app answers from. It reads no README and checks no step. Import names from
the modules: `codelab probe` needs `page` alone, and must not load the local cloud.
"""
