from google.appengine.ext import vendor

# Third-party packages: pip install -t lib -r requirements.txt
vendor.add('lib')
