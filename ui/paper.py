"""The style on paper and where there is little room: nothing is cut off, and paper has no sidebar."""

__all__ = ["PAPER"]

# Equations need not be scrolled by two pixels. Streamlit ends figures and buttons that lack room in an ellipsis, cuts
# names in select boxes and their lists off without one, and prints what its window would show.
PAPER = """<style>
.katex-display { padding: 2px 4px; }
[data-testid=stMetricValue] :is(div, p), [data-testid=stMetricLabel] :is(div, p) {
  white-space: normal; overflow: visible; text-overflow: clip; }
[data-testid=stMetricValue] { overflow-wrap: anywhere; }
[data-testid=stButtonGroup] button { flex-shrink: 0; }
[data-testid=stSelectbox] input { text-overflow: ellipsis; }
:is([data-testid=stSelectboxVirtualDropdown], [data-testid=stMultiSelectDropdown]) [role=option] > * {
  white-space: normal; overflow-wrap: anywhere; line-height: 1.2; }
[data-testid=stSelectboxVirtualDropdown] [role=option], [data-testid=stSelectboxVirtualDropdown] [role=option] > * {
  height: auto; }
[data-testid=stSelectboxVirtualDropdown] [role=option] > * { padding-block: .7rem; }
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
