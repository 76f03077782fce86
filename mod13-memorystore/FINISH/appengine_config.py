from google.appengine.ext import vendor
import pkg_resources

# Third-party packages: pip install -t lib -r requirements.txt
vendor.add('lib')
# Google's client libraries look up their own versions there
pkg_resources.working_set.add_entry('lib')
