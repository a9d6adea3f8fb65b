export function qualityReport(data) { return { content: [] }; }
