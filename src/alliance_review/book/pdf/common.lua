-- What the filter and its tables share: escaping, raw Typst, and bodies of arguments.
-- Every ASCII punctuation mark of the text is escaped, so no text can be read as Typst markup.

local function esc(s) return (s:gsub('%p', '\\%0')) end
local function quote(s)
  return '"' .. s:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', '\\n') .. '"'
end
local function block(s) return pandoc.RawBlock('typst', s) end
local function inline(s) return pandoc.RawInline('typst', s) end
local function has(el, class) return el.classes:includes(class) end
local function label(el)
  local name = el.attributes.place
  return name and ('label(' .. quote(name) .. ')') or 'none'
end

-- A long word (an address, an identifier) may break after a punctuation mark, without a hyphen:
-- an empty box is a place to break that leaves no trace in the text a reader copies.
local LONG = 18
local function pieces(s)
  if not utf8.len(s) or utf8.len(s) <= LONG or s:find('%s') then return { s } end
  local out = {}
  for part in s:gmatch('[%w\128-\255]*%p*') do if part ~= '' then out[#out + 1] = part end end
  return out
end
local function word(s)
  local out = {}
  for i, part in ipairs(pieces(s)) do out[i] = esc(part) end
  return table.concat(out, '#box()')
end

local function wrapped(open, content, close)
  local out = pandoc.Inlines { inline(open) }
  out:extend(content)
  out:insert(inline(close))
  return out
end

-- Blocks as the body of a Typst argument: [ ... ]
local function body(blocks)
  local out = pandoc.Blocks {}
  if #blocks == 1 and (blocks[1].t == 'Plain' or blocks[1].t == 'Para') then
    out:insert(pandoc.Plain(wrapped('[', blocks[1].content, '],')))
  elseif #blocks == 0 then
    out:insert(block('[],'))
  else
    out:insert(block('['))
    out:extend(blocks)
    out:insert(block('],'))
  end
  return out
end

return {
  quote = quote, block = block, inline = inline, has = has, label = label, pieces = pieces,
  word = word, wrapped = wrapped, body = body,
}
