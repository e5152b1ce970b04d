/** What people see who open the path in a browser. */
export function pageOf(path: string, protocols: Iterable<string>): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>wampd</title>
<h1>wampd</h1>
<p>A WAMP v2 router runs here. Connect a client by WebSocket to <code>${path}</code>.
<p>Subprotocols: <code>${[...protocols].join('</code>, <code>')}</code>.
</html>
`
}
