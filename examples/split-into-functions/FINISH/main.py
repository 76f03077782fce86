from flask import abort, redirect, render_template

from incoming import check, visitor_address
from store import fetch_visits, store_visit


def page(request):
    """Store a visit, and show the last ones."""
    check(request, '/', ['GET', 'HEAD'])
    store_visit(visitor_address(request), request.headers.get('User-Agent', ''))
    return render_template('index.html', visits=fetch_visits(10))


def visits(request):
    """Return the last visits to another program, as JSON."""
    check(request, '/visits', ['GET', 'HEAD'])
    return [{'visitor': visit['visitor'], 'timestamp': visit['timestamp'].isoformat()}
            for visit in fetch_visits(100)]


def sign(request):
    """Store a visit under a name, and go back to the page."""
    check(request, '/sign', ['POST'])
    name = request.form.get('name', '').strip()
    if not 0 < len(name) <= 100:
        abort(400)
    store_visit(visitor_address(request), name)
    return redirect('/', 303)
