"""The style on paper and where there is little room: nothing is cut off, and paper has no sidebar."""

from pathlib import Path

__all__ = ["FIT_TO_PAPER", "PAPER"]

FIT_TO_PAPER = (Path(__file__).parent / "widgets" / "paper.js").read_text(encoding="utf-8")

# Equations need not be scrolled by two pixels. Streamlit ends figures and buttons that lack room in an ellipsis, and
# prints what its window would show.
PAPER = """<style>
.katex-display { padding: 2px 4px; }
[data-testid=stMetricValue] :is(div, p), [data-testid=stMetricLabel] :is(div, p) {
  white-space: normal; overflow: visible; text-overflow: clip; }
[data-testid=stMetricValue] { overflow-wrap: anywhere; }
[data-testid=stButtonGroup] button { flex-shrink: 0; }
@media print {
  :is([data-testid=stSidebar], [data-testid=stHeader], [data-testid=stToolbar], [data-testid=stPopover],
    [data-testid=stExpandSidebarButton]) { display: none !important; }
  :is(html, body, #root, [data-testid=stApp], [data-testid=stAppViewContainer], [data-testid=stMain]) {
    position: static !important; height: auto !important; overflow: visible !important; }
  [data-testid=stMainBlockContainer] { padding: 0 !important; max-width: none !important; width: var(--printed);
    zoom: min(1, tan(atan2(100vw, var(--printed)))); }
  :is(img, svg, canvas, figure, table, [data-testid=stMetric], [data-testid=stPlotlyChart], [data-testid=stDataFrame]) {
    break-inside: avoid; }
  [data-testid=stElementContainer]:has(h2, h3) { break-after: avoid; }
}
</style>"""
