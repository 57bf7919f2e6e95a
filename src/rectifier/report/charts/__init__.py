"""Charts as inline SVG that follow the page's light or dark theme.

Part of the report layer; needs matplotlib, which is imported when the first chart is drawn. Each
function returns a `Chart`, or None where there is nothing to draw; the page says so in words.
"""
