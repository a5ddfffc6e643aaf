// The programs of make.py that are JavaScript: what to set comes on standard input, the PDF goes out.
import { readFileSync, writeSync } from "node:fs";

const { program, paragraphs, lines, font } = JSON.parse(readFileSync(0, "utf-8"));

async function pdfkit() {
  const { default: PDFDocument } = await import("pdfkit");
  const document = new PDFDocument({ size: [500, 600], margin: 40 });
  const parts = [];
  document.on("data", (part) => parts.push(part));
  document.font(font).fontSize(12);
  // Word by word it would set them from left to right.
  const options = { features: ["rtla"], lineBreak: false };
  lines.forEach((line, number) => {
    document.text(line, 460 - document.widthOfString(line, options), 40 + 20 * number, options);
  });
  document.end();
  await new Promise((done) => document.on("end", done));
  return Buffer.concat(parts);
}

async function jspdf() {
  const { jsPDF } = await import("jspdf");
  const document = new jsPDF({ unit: "pt", format: [500, 600] });
  document.addFileToVFS("f.ttf", readFileSync(font).toString("base64"));
  document.addFont("f.ttf", "f", "normal");
  document.setFont("f");
  document.setFontSize(12);
  lines.forEach((line, number) => document.text(line, 460, 40 + 20 * number, { align: "right" }));
  return Buffer.from(document.output("arraybuffer"));
}

async function pdflib() {
  const { PDFDocument } = await import("pdf-lib");
  const { default: fontkit } = await import("@pdf-lib/fontkit");
  const document = await PDFDocument.create();
  document.registerFontkit(fontkit);
  const face = await document.embedFont(readFileSync(font), { subset: true });
  const page = document.addPage([500, 600]);
  lines.forEach((line, number) => {
    const width = face.widthOfTextAtSize(line, 12);
    page.drawText(line, { x: 460 - width, y: 560 - 20 * number, size: 12, font: face });
  });
  return Buffer.from(await document.save());
}

async function reactpdf() {
  const { createElement: make } = await import("react");
  const { Document, Page, Text, Font, renderToBuffer } = await import("@react-pdf/renderer");
  Font.register({ family: "f", src: font });
  const style = { fontFamily: "f", fontSize: 12, textAlign: "right", direction: "rtl", margin: 6 };
  const texts = paragraphs.map((paragraph, key) => make(Text, { key, style }, paragraph));
  return renderToBuffer(make(Document, {}, make(Page, { size: [500, 600] }, texts)));
}

const made = await { pdfkit, jspdf, "pdf-lib": pdflib, "react-pdf": reactpdf }[program]();
writeSync(1, made);
